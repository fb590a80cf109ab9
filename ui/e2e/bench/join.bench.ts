/** Benchmark 2: from asking for a running stream to its first picture, key frames 4 s apart. */
import { login, test } from '../support/fixtures';
import { allPlaying } from '../support/wall';
import { percentile } from '../support/clock';
import { peers } from './peers';
import { report, rounds } from './rows';

test.use({ cameras: 2, gopMs: 4000, allowedErrors: [/./] });

const joins = rounds * 6;
const table = 'Joining a running stream until its first picture in Chromium, key frames 4 s apart (benchmark 2)';

const columns = (times: number[]) => ({
	'mean, ms': [times.reduce((sum, time) => sum + time, 0) / times.length],
	'p50, ms': [percentile(times, 0.5)],
	'p95, ms': [percentile(times, 0.95)],
	joins: [times.length]
});

/** Spread evenly over the distance of key frames, so that luck has no part in it. */
const pauseMs = (join: number) => 500 + ((join * 1371) % 4000);

test('join', async ({ page, site, browser }) => {
	const ours = site.cameras[0];
	if (!ours) throw new Error('no camera');
	await login(page, site);
	await page.goto(`${site.url}/wall`);
	const cells = [0, 1].map((index) => ({ column: index, row: 0, column_span: 1, row_span: 1, camera_id: site.cameras[index]?.id }));
	const stored = JSON.stringify({ lastWall: JSON.stringify({ grid: { columns: 2, rows: 2, tiles: cells }, spare: [] }) });
	await page.evaluate((text) => localStorage.setItem('watchwall.preferences', text), stored);
	await page.reload();
	await allPlaying(page, 2);
	// A second viewer keeps the stream running while the measured one comes and goes, for ours as for the peers.
	const keeper = await (await browser.newContext({ storageState: await page.context().storageState() })).newPage();
	await keeper.goto(`${site.url}/wall`);
	await allPlaying(keeper, 2);
	const times: number[] = [];
	await page.locator('[data-index="0"]').focus();
	for (let join = 0; join < joins; join++) {
		await page.keyboard.press('Delete');
		await page.waitForFunction(() => !document.querySelector('[data-index="0"] .player'));
		await page.waitForTimeout(pauseMs(join));
		times.push(
			await page.evaluate(async () => {
				const start = performance.now();
				document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: 'z', ctrlKey: true }));
				const shows = () => {
					const element = document.querySelector<HTMLCanvasElement | HTMLVideoElement>('[data-index="0"] .player > :is(canvas, video)');
					return element instanceof HTMLVideoElement ? element.readyState >= 2 : (element?.width ?? 0) > 300;
				};
				while (!shows() && performance.now() - start < 12_000) await new Promise(requestAnimationFrame);
				return performance.now() - start;
			})
		);
	}
	report({ table, contender: 'Watchwall', columns: columns(times) });
	await keeper.context().close();

	const { present, absent } = await peers(ours.subUrl);
	for (const peer of present) {
		const context = await browser.newContext({ viewport: { width: 640, height: 360 } });
		const [holder, viewer] = [await context.newPage(), await context.newPage()];
		await holder.goto(peer.page);
		await holder.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0, undefined, { timeout: 30_000 });
		const peerTimes: number[] = [];
		for (let join = 0; join < joins; join++) {
			await viewer.goto('about:blank');
			await viewer.waitForTimeout(pauseMs(join));
			await viewer.goto(peer.page, { waitUntil: 'commit' });
			// From the page's own start, as its user waits.
			await viewer.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2, undefined, { timeout: 30_000, polling: 'raf' });
			peerTimes.push(await viewer.evaluate(() => performance.now()));
		}
		report({ table, contender: `${peer.name} (with its page)`, columns: columns(peerTimes) });
		await context.close();
		await peer.stop();
	}
	for (const name of absent) report({ table, contender: name, columns: {}, note: `${name}: not installed, so absent.` });
});
