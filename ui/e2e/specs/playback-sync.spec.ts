import type { Page } from '@playwright/test';
import { percentile, type Instant } from '../support/clock';
import { expect, login, test } from '../support/fixtures';
import { judged } from '../support/machine';
import { deckTiles, figures, recordClocks, spreads, tileStates, watchTogether } from '../support/playback';
import type { TestSite } from '../support/site';

test.use({ cameras: 4, fps: 25, allowedErrors: [[/WebSocket/, /ERR_CONNECTION/], { scope: 'test' }] });
test.setTimeout(180_000);

/** One frame. */
const frameMs = 40;
/** The camera with a gap in its recording, by tile. */
const gapped = 3;
/** Two stretches of at least this much, the gap of one camera between them. */
const stretchMs = 14_000;

interface Recorded {
	paths: string[];
	/** End of the first stretch of all, and beginning of the second of the camera with the gap. */
	before: number;
	after: number;
	end: number;
}
let recorded: Recorded | undefined;

/** Four cameras, one of which was away for a while. */
async function record(site: TestSite): Promise<Recorded> {
	if (recorded) return recorded;
	const { paths, end: before } = await recordClocks(site, stretchMs);
	const path = paths[gapped] ?? '';
	await site.fault(gapped, { kind: 'reboot', ms: 4000 });
	let coverage: [number, number][] = [];
	await expect
		.poll(
			async () => {
				const now = Date.now();
				const { tracks } = await site.api<{ tracks: { coverage: [number, number][] }[] }>('GET', `/timeline?paths=${path}&from=${before - 60_000}&to=${now}`);
				coverage = tracks[0]?.coverage ?? [];
				const last = coverage.at(-1);
				return coverage.length > 1 && last ? last[1] - last[0] : 0;
			},
			{ timeout: 60_000 }
		)
		.toBeGreaterThan(stretchMs);
	const [from, end] = coverage.at(-1) ?? [0, 0];
	recorded = { paths, before: coverage.at(-2)?.[1] ?? 0, after: from, end };
	return recorded;
}

async function open(page: Page, site: TestSite, paths: readonly string[], at: number, group?: string): Promise<void> {
	await login(page, site);
	await page.goto(`${site.url}/playback?path=${paths.join(',')}&at=${at}${group ? `&group=${group}` : ''}`);
	await expect(deckTiles(page)).toHaveCount(paths.length);
	await expect.poll(() => tileStates(page)).toEqual(paths.map(() => 'paused'));
}

const playing = (count: number) => Array.from({ length: count }, () => 'playing');

/** Tiles lie at most a frame apart: cameras take their pictures at moments of their own, each up to a frame after the other. */
async function inStep(page: Page, what: string, tiles: readonly number[], forMs = 2500): Promise<void> {
	await judged(
		what,
		async () => spreads(await watchTogether(page, forMs), tiles),
		(found) => {
			console.log(figures(`in step, ${what}`, found));
			expect(found.length, what).toBeGreaterThan(10);
			expect(percentile(found, 0.95), what).toBeLessThanOrEqual(frameMs);
		}
	);
}

test('four cameras keep in step: playing, after seeks and after other speeds', async ({ page, site }) => {
	const { paths, before } = await record(site);
	const start = before - stretchMs;
	await open(page, site, paths, start + 1000);
	const all = [0, 1, 2, 3];
	await page.keyboard.press('k');
	await expect.poll(() => tileStates(page)).toEqual(playing(4));
	await inStep(page, 'playing', all);
	const timeline = page.getByTestId('timeline');
	await timeline.focus();
	for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowLeft']) {
		await page.keyboard.press('j');
		await timeline.press(key);
		await expect.poll(() => tileStates(page)).toEqual(playing(4));
		await inStep(page, 'after a seek', all, 1200);
	}
	const speed = page.getByLabel('Speed', { exact: true });
	for (const other of ['0.5', '2', '0.125']) {
		await speed.selectOption(other);
		await expect.poll(() => tileStates(page)).toEqual(playing(4));
		await speed.selectOption('1');
		await page.keyboard.press('j');
		await expect.poll(() => tileStates(page)).toEqual(playing(4));
		await inStep(page, `at normal speed after ${other}`, all, 1200);
	}
});

test('a gap of one camera and a tile that comes late leave the others in step', async ({ page, site }) => {
	const { paths, before, after } = await record(site);
	await open(page, site, paths.slice(0, 3), before - 2500);
	await page.keyboard.press('k');
	await expect.poll(() => tileStates(page)).toEqual(playing(3));
	await page.getByRole('complementary', { name: 'Cameras to play' }).getByRole('checkbox').nth(gapped).check();
	await expect.poll(() => tileStates(page)).toEqual(playing(4));
	await inStep(page, 'with a late tile', [0, 1, 2, 3], 1000);
	await expect.poll(async () => (await tileStates(page))[gapped], { timeout: 15_000 }).toBe('gap');
	await inStep(page, 'beside a gap', [0, 1, 2], 1500);
	await expect.poll(() => tileStates(page), { timeout: after - before + 15_000 }).toEqual(playing(4));
	await inStep(page, 'after a gap of one', [0, 1, 2, 3]);
});

test('two pages of a group show the same moment and follow each other', async ({ page, browser, site }) => {
	const { paths, before } = await record(site);
	const start = before - stretchMs;
	await open(page, site, paths.slice(0, 2), start + 2000, 'hall');
	// In a window of its own: of two tabs only the one in front paints.
	const elsewhere = await browser.newContext();
	const other = await elsewhere.newPage();
	await open(other, site, paths.slice(2), start + 9000, 'hall');
	const button = (one: Page) => one.getByRole('button', { name: 'Group hall: 2 playing together' });
	await expect(button(page)).toBeVisible();
	await expect(button(other)).toBeVisible();
	const at = async (one: Page) => Number(await one.getByTestId('timeline').getAttribute('aria-valuenow'));
	await expect.poll(async () => Math.abs((await at(page)) - (await at(other)))).toBeLessThan(50);
	await other.keyboard.press('k');
	await expect.poll(() => tileStates(page)).toEqual(playing(2));
	await expect.poll(() => tileStates(other)).toEqual(playing(2));
	/** How far each tile is behind real time; at normal speed that stays as it is. */
	const behind = async (what: string): Promise<void> => {
		await judged(
			what,
			async () => {
				const pages = await Promise.all([watchTogether(page, 2000), watchTogether(other, 2000)]);
				const lags = (instants: Instant[], tile: number) => instants.flatMap(({ at: now, moments }) => moments.slice(tile, tile + 1).flatMap((moment) => (moment === null ? [] : now - moment)));
				expect(Math.min(...pages.map(({ length }) => length)), 'both pages paint').toBeGreaterThan(15);
				return pages.flatMap((instants) => [0, 1].map((tile) => mean(lags(instants, tile))));
			},
			(found) => {
				console.log(`in step, ${what}: tiles of two pages lie at most ${Math.round(Math.max(...found) - Math.min(...found))} ms apart`);
				expect(Math.max(...found) - Math.min(...found), what).toBeLessThanOrEqual(frameMs);
			}
		);
	};
	await behind('two pages');
	await page.keyboard.press('j');
	await expect.poll(() => tileStates(other)).toEqual(playing(2));
	await behind('two pages after a seek');
	await page.getByLabel('Speed', { exact: true }).selectOption('2');
	await expect(other.getByLabel('Speed', { exact: true })).toHaveValue('2');
	await other.getByLabel('Speed', { exact: true }).selectOption('1');
	await expect(page.getByLabel('Speed', { exact: true })).toHaveValue('1');
	await page.keyboard.press('j');
	await expect.poll(() => tileStates(other)).toEqual(playing(2));
	await behind('two pages after other speeds');
	await page.keyboard.press('k');
	await expect.poll(() => tileStates(other)).toEqual(['paused', 'paused']);
	await expect.poll(() => tileStates(page)).toEqual(['paused', 'paused']);
	const paused = async () => {
		const [one, two] = await Promise.all([watchTogether(page, 100), watchTogether(other, 100)]);
		const moments = [...(one.at(-1)?.moments ?? []), ...(two.at(-1)?.moments ?? [])];
		return moments.flatMap((moment) => moment ?? []);
	};
	const apart = (moments: number[]) => (moments.length === 4 ? Math.max(...moments) - Math.min(...moments) : Infinity);
	await expect.poll(async () => apart(await paused())).toBeLessThanOrEqual(frameMs);
	// A step of one is one of all.
	const from = (await paused())[0] ?? 0;
	for (const key of ['.', '.', '.']) await page.keyboard.press(key);
	await expect.poll(async () => Math.round(((await paused())[0] ?? 0) - from)).toBeGreaterThan(100);
	await expect.poll(async () => apart(await paused())).toBeLessThanOrEqual(frameMs);
	await elsewhere.close();
	await expect(page.getByRole('button', { name: 'Group hall: 1 playing together' })).toBeVisible();
});

test('a seek shows its picture at once', async ({ page, site }) => {
	const { paths, before } = await record(site);
	await open(page, site, paths.slice(0, 1), before - stretchMs / 2);
	const timeline = page.getByTestId('timeline');
	await timeline.focus();
	for (let turn = 0; turn < 12; turn++) await timeline.press('+');
	const box = (await timeline.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
	// From the click to the picture, as the page sees them.
	await page.evaluate(() => {
		const found = ((window as unknown as { seeks: number[] }).seeks = [] as number[]);
		const tile = document.querySelector<HTMLElement>('[data-testid=playback-tile]');
		let asked = 0;
		document.querySelector('[data-testid=timeline]')?.addEventListener('pointerup', () => (asked = performance.now()), true);
		new MutationObserver(() => {
			if (tile?.dataset.state === 'paused' && asked) [asked] = [0, found.push(performance.now() - asked)];
		}).observe(tile ?? document, { attributes: true, attributeFilter: ['data-state'] });
	});
	const seeks = () => page.evaluate(() => (window as unknown as { seeks: number[] }).seeks);
	await judged(
		'seeks',
		async () => {
			for (let turn = 1; turn <= 40; turn++) {
				await page.mouse.click(box.x + box.width * (0.05 + 0.9 * ((turn * 0.618) % 1)), box.y + 34);
				await expect.poll(async () => (await seeks()).length, { intervals: [20] }).toBe(turn);
			}
			return seeks();
		},
		(found) => {
			console.log(figures('first picture after a seek', found));
			expect(percentile(found, 0.95)).toBeLessThan(150);
		}
	);
});

function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}
