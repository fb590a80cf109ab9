/** Benchmarks 1 and 15 in WebKitGTK, the engine of the desktop window, with software decoding. */
import { percentile, samplingScript, type Samples } from '../support/clock';
import { administrator, binary, TestSite } from '../support/site';
import { findMiniBrowser, waitFor, WebKit } from '../webkit/webdriver';
import { cost, cpuPercent } from './cost';
import { framesScript, latePercent, type Seen } from './frames';
import { report, rounds, secondsPerRound } from './rows';

const live = 'Live: from the camera to the pixels in WebKitGTK (benchmark 1)';
const wall = 'A wall of 16 sub-streams, 640x360 at 15 fps, in WebKitGTK with software decoding (benchmark 15)';

interface Context {
	browser: WebKit;
	site: TestSite;
}

async function open({ browser, site }: Context, cameras: number, side: number): Promise<void> {
	const tiles = Array.from({ length: cameras }, (_, index) => ({
		column: index % side,
		row: Math.floor(index / side),
		column_span: 1,
		row_span: 1,
		camera_id: site.cameras[index]?.id
	}));
	const stored = JSON.stringify({ lastWall: JSON.stringify({ grid: { columns: side, rows: side, tiles }, spare: [] }) });
	await browser.evaluate((text: string) => localStorage.setItem('watchwall.preferences', text), stored);
	await browser.open(`${site.url}/wall`);
	const playing = () => browser.evaluate(() => document.querySelectorAll('[data-testid="tile-state"][data-state="playing"]').length);
	await waitFor(async () => (await playing()) === cameras, 40_000, `${cameras} playing tiles`);
	await browser.evaluate(`() => ${samplingScript({ forMs: 3000, everyMs: 500 })}`);
}

async function age(browser: WebKit, columns: Record<string, number[]>): Promise<void> {
	const { ages, freshPerSecond } = await browser.evaluate<Samples>(`() => ${samplingScript({ forMs: secondsPerRound * 1000, everyMs: 37 })}`);
	columns['p50, ms']?.push(percentile(ages, 0.5));
	columns['p95, ms']?.push(percentile(ages, 0.95));
	columns['new pictures per second']?.push(freshPerSecond);
}

const ageColumns = () => ({ 'p50, ms': [], 'p95, ms': [], 'new pictures per second': [] });

async function measureLive(context: Context, fps: number): Promise<void> {
	const columns: Record<string, number[]> = ageColumns();
	for (let round = 0; round < rounds; round++) {
		await open(context, 1, 2);
		await age(context.browser, columns);
	}
	report({ table: live, contender: `Watchwall, one stream at ${fps} fps`, columns });
}

/** The page believes that its window is hidden, or shown again. */
const setHidden = (browser: WebKit, hidden: boolean) =>
	browser.evaluate((isHidden: boolean) => {
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
		Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (isHidden ? 'hidden' : 'visible') });
		document.dispatchEvent(new Event('visibilitychange'));
	}, hidden);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function measureWall(context: Context, fps: number): Promise<void> {
	const { browser } = context;
	await open(context, 16, 4);
	const columns: Record<string, number[]> = {
		'late or lost pictures, %': [],
		'CPU shown, % of a core': [],
		'CPU hidden, % of a core': [],
		'PSS, MB': []
	};
	for (let round = 0; round < rounds; round++) {
		const [before] = [cost(browser.pid)];
		await pause(secondsPerRound * 1000);
		const after = cost(browser.pid);
		columns['CPU shown, % of a core']?.push(cpuPercent(before, after));
		columns['PSS, MB']?.push(after.pssBytes / 1e6);
		const late: number[] = [];
		for (let tile = 0; tile < 16; tile++) {
			const selector = `[data-index="${tile}"] .player > :is(video, canvas)`;
			late.push(latePercent(await browser.evaluate<Seen[]>(`() => ${framesScript(selector, 2000)}`), fps));
		}
		columns['late or lost pictures, %']?.push(late.reduce((sum, share) => sum + share, 0) / late.length);
		await setHidden(browser, true);
		await pause(3000);
		const hiddenBefore = cost(browser.pid);
		await pause(secondsPerRound * 500);
		columns['CPU hidden, % of a core']?.push(cpuPercent(hiddenBefore, cost(browser.pid)));
		await setHidden(browser, false);
		await pause(3000);
	}
	report({ table: wall, contender: 'Watchwall, 16 tiles', columns });
	const ages: Record<string, number[]> = ageColumns();
	await age(browser, ages);
	report({ table: live, contender: `Watchwall, 16 tiles at ${fps} fps`, columns: ages });
}

async function withSite(fps: number, act: (context: Context) => Promise<void>): Promise<void> {
	const site = await TestSite.start({ cameras: 16, fps });
	const browser = await WebKit.start();
	try {
		await browser.resize(1280, 720);
		await browser.open(`${site.url}/login`);
		await browser.evaluate(async (body: object) => {
			const answer = await fetch('/api/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
			if (!answer.ok) throw new Error(await answer.text());
		}, administrator);
		await act({ browser, site });
	} finally {
		await browser.stop();
		await site.stop();
	}
}

export async function run(): Promise<number> {
	if (!binary() || !findMiniBrowser()) {
		console.log(`skipped: ${binary() ? 'MiniBrowser is not installed' : 'WATCHWALL_BIN names no program'}`);
		return 0;
	}
	await withSite(25, (context) => measureLive(context, 25));
	await withSite(15, (context) => measureWall(context, 15));
	return 0;
}
