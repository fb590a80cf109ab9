/** What must hold in the desktop window's engine too: moving pictures, their age, stale and recovery, no leaks. */
import { mkdir, writeFile } from 'node:fs/promises';
import { percentile, samplingScript, type Samples, type Sampling } from '../support/clock';
import { judged } from '../support/machine';
import { administrator, binary, TestSite } from '../support/site';
import { findMiniBrowser, waitFor, WebKit } from './webdriver';

const cameras = 16;

interface Context {
	browser: WebKit;
	site: TestSite;
}

type Check = (context: Context) => Promise<string | void>;

const states = (browser: WebKit): Promise<string[]> =>
	browser.evaluate(() => [...document.querySelectorAll<HTMLElement>('[data-testid="tile-state"]')].map((tile) => tile.dataset.state ?? ''));

const stateOf = async (browser: WebKit, index: number): Promise<string> =>
	browser.evaluate((at: number) => document.querySelector<HTMLElement>(`[data-index="${at}"] [data-testid="tile-state"]`)?.dataset.state ?? '', index);

const allPlaying = (browser: WebKit, count: number) =>
	waitFor(async () => (await states(browser)).filter((state) => state === 'playing').length === count, 30_000, `${count} playing tiles`);

const sample = (browser: WebKit, sampling: Sampling): Promise<Samples> => browser.evaluate(`() => ${samplingScript(sampling)}`);

/** The wall as it is stored between visits, read when the page starts. */
async function openWall({ browser, site }: Context, tiles: number): Promise<void> {
	const side = Math.sqrt(tiles);
	const grid = {
		columns: side,
		rows: side,
		tiles: Array.from({ length: tiles }, (_, index) => ({
			column: index % side,
			row: Math.floor(index / side),
			column_span: 1,
			row_span: 1,
			camera_id: site.cameras[index]?.id
		}))
	};
	const preferences = JSON.stringify({ lastWall: JSON.stringify({ grid, spare: [] }) });
	await browser.evaluate((text: string) => localStorage.setItem('watchwall.preferences', text), preferences);
	await browser.open(`${site.url}/wall`);
	await allPlaying(browser, tiles);
}

const liveAge =
	(tiles: number, limitMs: number): Check =>
	async (context) => {
		await openWall(context, tiles);
		await sample(context.browser, { forMs: 2000, everyMs: 500 });
		const figuresOf = ({ ages, freshPerSecond }: Samples) =>
			`p50 ${percentile(ages, 0.5)} ms, p95 ${percentile(ages, 0.95)} ms, ${ages.length} readings, ${freshPerSecond.toFixed(1)} new/s`;
		const found = await judged(
			`live age at ${tiles} tiles in WebKitGTK`,
			() => sample(context.browser, { forMs: 8000, everyMs: 137 }),
			(found) => {
				if (!(found.ages.length > tiles * 20) || found.freshPerSecond < 3) throw new Error(`the pictures do not move: ${figuresOf(found)}`);
				if (!(percentile(found.ages, 0.95) < limitMs)) throw new Error(`over ${limitMs} ms: ${figuresOf(found)}`);
			}
		);
		const figures = figuresOf(found);
		if (!(found.freshPerSecond > 0.5)) throw new Error(`the pictures do not move: ${figures}`);
		return figures;
	};

const checks: Record<string, Check> = {
	'live age at 4 tiles, p95 under 300 ms': liveAge(4, 300),
	'live age at 16 tiles, p95 under 500 ms': liveAge(16, 500),
	'a frozen camera is stale within 3 s and back within 10 s': async (context) => {
		const { browser, site } = context;
		await openWall(context, 4);
		await site.fault(0, { kind: 'freeze' });
		await waitFor(async () => (await stateOf(browser, 0)) === 'stale', 3500, 'the stale badge');
		await site.heal(0);
		const at = Date.now();
		await waitFor(async () => (await stateOf(browser, 0)) === 'playing', 10_000, 'the picture after thawing');
		return `back after ${Date.now() - at} ms`;
	},
	'a killed camera is back within 10 s of returning': async (context) => {
		const { browser, site } = context;
		await openWall(context, 4);
		await site.fault(1, { kind: 'offline' });
		await waitFor(async () => (await stateOf(browser, 1)) === 'waiting', 15_000, 'the waiting state');
		await site.heal(1);
		const at = Date.now();
		await waitFor(async () => (await stateOf(browser, 1)) === 'playing', 10_000, 'the picture after the return');
		return `back after ${Date.now() - at} ms`;
	},
	'layout changes leak nothing': async (context) => {
		const { browser } = context;
		await openWall(context, 4);
		await browser.evaluate(async () => {
			for (let round = 0; round < 150; round++) {
				const key = ['Enter', 'Delete', 'ArrowRight', 'ArrowDown', 'Escape'][round % 5] ?? 'Escape';
				document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key }));
				if (round % 3 === 0) document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: 'z', ctrlKey: true }));
				await new Promise(requestAnimationFrame);
			}
			document.querySelector<HTMLElement>('nav a[href$="/settings"]')?.click();
		});
		const held = () => browser.evaluate(() => Object.values(window.__watchwall?.counters ?? { none: 1 }).reduce((sum, count) => sum + count, 0));
		await waitFor(async () => (await held()) === 0, 10_000, 'every player to be gone');
	}
};

async function login({ browser, site }: Context): Promise<void> {
	await browser.open(`${site.url}/login`);
	await browser.evaluate(async (body: object) => {
		const answer = await fetch('/api/v1/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
		if (!answer.ok) throw new Error(await answer.text());
	}, administrator);
}

export async function run(): Promise<number> {
	if (!binary() || !findMiniBrowser()) {
		console.log(`skipped: ${binary() ? 'MiniBrowser is not installed' : 'WATCHWALL_BIN names no program'}`);
		return 0;
	}
	const site = await TestSite.start({ cameras });
	let failed = 0;
	let browser: WebKit | undefined;
	try {
		browser = await WebKit.start();
		await browser.resize(1280, 720);
		const context = { browser, site };
		await login(context);
		for (const [name, check] of Object.entries(checks)) {
			try {
				const figures = await check(context);
				console.log(`ok    ${name}${figures ? `: ${figures}` : ''}`);
			} catch (error) {
				failed += 1;
				console.log(`FAIL  ${name}: ${String(error)}`);
				await mkdir('test-results', { recursive: true });
				await writeFile(`test-results/webkit-${failed}.png`, await browser.screenshot());
			}
		}
	} finally {
		await browser?.stop();
		await site.stop();
	}
	console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
	return failed ? 1 : 0;
}
