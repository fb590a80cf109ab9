import type { Page } from '@playwright/test';
import { percentile } from '../support/clock';
import { expect, test } from '../support/fixtures';
import { judged } from '../support/machine';
import { allPlaying, counters, setLayout } from '../support/wall';

test.use({ cameras: 6, gopMs: 4000 });

test('the first picture of a running stream comes within 300 ms at a GOP of 4 s', async ({ wall }) => {
	await setLayout(wall, 4);
	await allPlaying(wall, 4);
	// One tile is closed and opened again; recording and a second viewer keep its stream running.
	const times = await judged(
		'the time to the first picture',
		async () => {
			const times: number[] = [];
			for (let round = 0; round < 8; round++) times.push(await firstPicture(wall));
			return times;
		},
		(times) => expect(percentile(times, 0.95)).toBeLessThan(300)
	);
	console.log(`first picture: p50 ${Math.round(percentile(times, 0.5))} ms, p95 ${Math.round(percentile(times, 0.95))} ms`);
	expect(Math.max(...times), 'a picture comes').toBeLessThan(8000);
});

/** Closes tile 0, lets its player go, and measures until its picture is there again. */
async function firstPicture(wall: Page): Promise<number> {
	await wall.keyboard.press('Delete');
	await expect(wall.locator('[data-index="0"] .player')).toHaveCount(0);
	await expect.poll(async () => (await counters(wall)).players).toBe(3);
	return wall.evaluate(async () => {
		const start = performance.now();
		document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: 'z', ctrlKey: true }));
		const shows = () => {
			const element = document.querySelector<HTMLCanvasElement | HTMLVideoElement>('[data-index="0"] .player > :is(canvas, video)');
			return element instanceof HTMLVideoElement ? element.readyState >= 2 : (element?.width ?? 0) > 300;
		};
		while (!shows() && performance.now() - start < 8000) await new Promise(requestAnimationFrame);
		return performance.now() - start;
	});
}
