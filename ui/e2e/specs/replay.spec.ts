import { percentile } from '../support/clock';
import { expect, test } from '../support/fixtures';
import { allPlaying, sample, setLayout, stateOf } from '../support/wall';

test.use({ cameras: 1, records: false, allowedErrors: [[/WebSocket/], { scope: 'test' }] });

test('the last seconds of a camera that nobody records are seen again', async ({ wall, site }) => {
	const { items } = await site.api<{ items: { enabled: boolean }[] }>('GET', '/plans');
	expect(items.filter(({ enabled }) => enabled)).toEqual([]);
	// Small tiles show the stream that carries the clock.
	await setLayout(wall, 9);
	await allPlaying(wall, 1);
	const ageMs = async () => {
		const { ages } = await sample(wall, { forMs: 200, everyMs: 50 });
		return percentile(ages, 0.5);
	};
	await expect.poll(ageMs).toBeLessThan(3000);
	const since = Date.now();
	// Some seconds have to be there to be looked back at.
	await expect.poll(() => Date.now() - since, { timeout: 15_000 }).toBeGreaterThan(8000);
	await wall.keyboard.press('r');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'replaying', { timeout: 10_000 });
	// Its own clock says so: it plays, and stays as far behind as it began.
	await expect.poll(ageMs).toBeGreaterThan(6000);
	await expect.poll(async () => (await sample(wall, { forMs: 1000, everyMs: 40 })).freshPerSecond, { timeout: 15_000 }).toBeGreaterThan(4);
	const behind = await ageMs();
	await expect.poll(async () => Math.abs((await ageMs()) - behind)).toBeLessThan(2000);
	expect(await ageMs()).toBeGreaterThan(5000);
	await wall.keyboard.press('r');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'playing', { timeout: 10_000 });
	await expect.poll(ageMs).toBeLessThan(3000);
});
