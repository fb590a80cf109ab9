/** Instant replay of cameras that nobody records: only what tiles showed is in memory. */
import type { Page } from '@playwright/test';
import { percentile, type Samples } from '../support/clock';
import { expect, test } from '../support/fixtures';
import { allPlaying, sample, setLayout, stateOf, tile } from '../support/wall';

test.use({ cameras: 4, records: false });

const shownMs = 9000;
const earlierMs = 7000;

/** Small tiles, which show the sub stream, until so much of it is in memory. Answers the pace of the live pictures. */
async function showForAWhile(wall: Page, camera: number): Promise<number> {
	const begun = Date.now();
	const shown = async () => Date.now() - begun - percentile((await sample(wall, { forMs: 100, everyMs: 20, camera })).ages, 0.5);
	await expect.poll(shown, { timeout: 30_000 }).toBeGreaterThan(shownMs);
	return (await sample(wall, { forMs: 2000, everyMs: 20, camera })).freshPerSecond;
}

async function replay(wall: Page, camera: number): Promise<Samples> {
	await tile(wall, 0).click();
	await wall.keyboard.press('r');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'replaying', { timeout: 10_000 });
	return sample(wall, { forMs: 4000, everyMs: 20, camera });
}

/** By the times burnt into the pictures: the past, as far back as memory reaches, moving as it did live. */
function expectThePast(past: Samples, livePace: number): void {
	expect(percentile(past.ages, 0.05)).toBeGreaterThan(earlierMs);
	expect(percentile(past.ages, 0.95)).toBeLessThan(31_500);
	expect(percentile(past.ages, 0.95) - percentile(past.ages, 0.05)).toBeLessThan(500);
	expect(past.freshPerSecond).toBeGreaterThan(livePace * 0.8);
}

test('R plays the last seconds of a camera without a plan, and comes back to live', async ({ wall }) => {
	await setLayout(wall, 4);
	await allPlaying(wall, 4);
	const camera = Number(await tile(wall, 0).getAttribute('data-camera'));
	const livePace = await showForAWhile(wall, camera);
	expectThePast(await replay(wall, camera), livePace);
	await wall.keyboard.press('r');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'playing', { timeout: 10_000 });
	await expect.poll(async () => percentile((await sample(wall, { forMs: 300, everyMs: 20, camera })).ages, 0.9)).toBeLessThan(2000);
});

test('a tile that was enlarged a moment ago plays again what it showed when it was small', async ({ wall }) => {
	await setLayout(wall, 4);
	await allPlaying(wall, 4);
	const camera = Number(await tile(wall, 0).getAttribute('data-camera'));
	const livePace = await showForAWhile(wall, camera);
	await setLayout(wall, 1);
	await allPlaying(wall, 1);
	await expect(tile(wall, 0)).toHaveAttribute('data-camera', String(camera));
	expectThePast(await replay(wall, camera), livePace);
	await wall.keyboard.press('r');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'playing', { timeout: 10_000 });
});
