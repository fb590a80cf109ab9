/** Benchmark 1: from the clock in the camera's picture to the pixels of the page, 640x360 at 25 frames per second. */
import { percentile, samplingScript, type Samples } from '../support/clock';
import { login, test } from '../support/fixtures';
import { allPlaying, setLayout } from '../support/wall';
import type { Page } from '@playwright/test';
import { peers } from './peers';
import { report, rounds, secondsPerRound } from './rows';

test.use({ cameras: 16, fps: 25, allowedErrors: [/./] });

const everyMs = 23;

class Measured {
	columns: Record<string, number[]> = { 'p50, ms': [], 'p95, ms': [], 'new pictures per second': [], 'unreadable, %': [] };

	async add(page: Page, selector?: string): Promise<void> {
		// Decoders and the first second are not the steady state that is measured.
		await page.evaluate(samplingScript({ forMs: 3000, everyMs: 200, selector }));
		const { ages, unread, freshPerSecond } = (await page.evaluate(samplingScript({ forMs: secondsPerRound * 1000, everyMs, selector }))) as Samples;
		this.columns['p50, ms']?.push(percentile(ages, 0.5));
		this.columns['p95, ms']?.push(percentile(ages, 0.95));
		this.columns['new pictures per second']?.push(freshPerSecond);
		this.columns['unreadable, %']?.push((unread / Math.max(1, unread + ages.length)) * 100);
	}
}

const table = 'Live: from the camera to the pixels in Chromium, one stream of 640x360 at 25 fps (benchmark 1)';

test('live age of ours and of peers', async ({ page, site, browser }) => {
	const ours = site.cameras[0];
	if (!ours) throw new Error('no camera');
	const { present, absent } = await peers(ours.subUrl);
	const ways = ['auto', 'mse', 'webcodecs'] as const;
	const results = new Map<string, Measured>();
	const measure = async (name: string, act: (measured: Measured) => Promise<void>) => {
		const measured = results.get(name) ?? new Measured();
		results.set(name, measured);
		await act(measured);
	};
	await login(page, site);
	const contenders = [
		...ways.map((way) => () =>
			measure(`Watchwall, ${way}`, async (measured) => {
				await page.goto(`${site.url}/wall`);
				const cells = [{ column: 0, row: 0, column_span: 1, row_span: 1, camera_id: ours.id }];
				const grid = { columns: 2, rows: 2, tiles: cells };
				const stored = JSON.stringify({ player: way, lastWall: JSON.stringify({ grid, spare: [] }) });
				await page.evaluate((text) => localStorage.setItem('watchwall.preferences', text), stored);
				await page.reload();
				await allPlaying(page, 1);
				await measured.add(page);
				await page.goto('about:blank');
			})
		),
		...present.map((peer) => () =>
			measure(peer.name, async (measured) => {
				const context = await browser.newContext({ viewport: { width: 640, height: 360 } });
				const tab = await context.newPage();
				await tab.goto(peer.page);
				await tab.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 1, undefined, { timeout: 30_000 });
				await measured.add(tab, 'video');
				await context.close();
			})
		)
	];
	for (let round = 0; round < rounds; round++) for (const contender of round % 2 ? [...contenders].reverse() : contenders) await contender();
	for (const [contender, { columns }] of results) report({ table, contender, columns });
	for (const name of absent) report({ table, contender: name, columns: {}, note: `${name}: not installed, so absent.` });
	for (const peer of present) await peer.stop();
});

for (const tiles of [4, 16]) {
	test(`live age of ${tiles} tiles`, async ({ wall }) => {
		await setLayout(wall, tiles);
		await allPlaying(wall, tiles);
		const measured = new Measured();
		for (let round = 0; round < rounds; round++) await measured.add(wall);
		report({ table, contender: `Watchwall, ${tiles} tiles`, columns: measured.columns });
	});
}
