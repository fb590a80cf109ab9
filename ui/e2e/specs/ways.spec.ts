import { percentile } from '../support/clock';
import { expect, test } from '../support/fixtures';
import { judged } from '../support/machine';
import { allPlaying, counters, sample, setLayout, stateOf, tile } from '../support/wall';

/** Calls the camera of this name onto the selected tile. */
async function call(page: import('@playwright/test').Page, cameras: { id: number; name: string }[], name: string): Promise<void> {
	const camera = cameras.find((one) => one.name === name);
	expect(camera, `a virtual camera called ${name}`).toBeDefined();
	await tile(page, 0).focus();
	await page.keyboard.type(String(camera?.id));
	await page.keyboard.press('Enter');
	await expect(tile(page, 0)).toHaveAttribute('data-camera', String(camera?.id));
	await allPlaying(page, 1);
}

test.describe('Media Source Extensions, where WebCodecs is missing', () => {
	test.beforeEach(({ page }) =>
		page.addInitScript(() => {
			if (!localStorage.getItem('watchwall.preferences')) localStorage.setItem('watchwall.preferences', JSON.stringify({ player: 'mse' }));
		})
	);

	test('the pictures stay near the live edge', async ({ wall }) => {
		await setLayout(wall, 4);
		await allPlaying(wall, 4);
		await sample(wall, { forMs: 3000, everyMs: 500 });
		const { ages, freshPerSecond } = await judged(
			'live age through Media Source Extensions',
			() => sample(wall, { forMs: 5000, everyMs: 137 }),
			({ ages, freshPerSecond }) => {
				expect(freshPerSecond).toBeGreaterThan(3);
				expect(percentile(ages, 0.95)).toBeLessThan(700);
			}
		);
		console.log(`MSE at 4 tiles: p50 ${percentile(ages, 0.5)} ms, p95 ${percentile(ages, 0.95)} ms, ${freshPerSecond.toFixed(1)} new/s`);
		expect(await counters(wall)).toMatchObject({ mediaSources: 4, decoders: 0 });
		expect(freshPerSecond, 'the pictures move').toBeGreaterThan(0.5);
	});

	test('a frozen camera is stale and comes back', async ({ wall, site }) => {
		await setLayout(wall, 4);
		await allPlaying(wall, 4);
		await site.fault(0, { kind: 'freeze' });
		await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'stale');
		await site.heal(0);
		await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'playing', { timeout: 10_000 });
		expect(await counters(wall)).toMatchObject({ decoders: 0 });
	});
});

test('H.265 and MJPEG show a picture in a browser that plays neither', async ({ wall, site }) => {
	await setLayout(wall, 1);
	await call(wall, site.cameras, 'Garage');
	await wall.keyboard.press('i');
	await expect(tile(wall, 0).getByText('transcoded')).toBeVisible();
	await call(wall, site.cameras, 'Office');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'playing');
});

test('sound plays on the selected tile and stops with it', async ({ wall, site }) => {
	await setLayout(wall, 1);
	for (const name of ['Gate', 'Stairs']) {
		await call(wall, site.cameras, name);
		await wall.keyboard.press('a');
		await expect.poll(async () => (await counters(wall)).mediaSources).toBe(1);
		await wall.waitForTimeout(2000);
		expect((await counters(wall)).mediaSources, 'the sound is still being played').toBe(1);
		await wall.keyboard.press('a');
		await expect.poll(async () => (await counters(wall)).mediaSources).toBe(0);
		await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'playing');
	}
});
