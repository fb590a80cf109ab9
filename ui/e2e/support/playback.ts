/** The playback page as a user of it sees it. */
import { expect, type Locator, type Page } from '@playwright/test';
import { percentile, samplingScript, togetherScript, type Instant, type Samples } from './clock';
import type { TestSite } from './site';

export function deckTiles(page: Page): Locator {
	return page.getByTestId('playback-tile');
}

export async function tileStates(page: Page): Promise<string[]> {
	return deckTiles(page).evaluateAll((tiles) => tiles.map((tile) => (tile as HTMLElement).dataset.state ?? ''));
}

/** The moment that the page says it shows, UTC milliseconds. */
export async function shownAt(page: Page, index = 0): Promise<number> {
	return Number(await deckTiles(page).nth(index).getAttribute('data-at'));
}

/** The moments burnt into the pictures on screen, in the order of the tiles; only those that could be read. */
export async function burntIn(page: Page): Promise<number[]> {
	const script = samplingScript({ forMs: 1, everyMs: 1, selector: '[data-testid=playback-tile] canvas' });
	const { samples, now } = (await page.evaluate(`(async () => ({ samples: await ${script}, now: Date.now() }))()`)) as { samples: Samples; now: number };
	return samples.ages.map((age) => now - age);
}

/** Records the streams that carry the clock, and waits until each has this much. Answers the end of what all have. */
export async function recordClocks(site: TestSite, lengthMs: number): Promise<{ paths: string[]; end: number }> {
	const { items } = await site.api<{ items: { streams: { path: string; role: string }[] }[] }>('GET', '/cameras?limit=500');
	const streams = items.flatMap((camera) => camera.streams);
	for (const { path, role } of streams) await site.api('PUT', `/plans/${path}`, { enabled: role === 'sub' });
	const paths = streams.filter(({ role }) => role === 'sub').map(({ path }) => path);
	let end = 0;
	await expect
		.poll(
			async () => {
				const now = Date.now();
				const { tracks } = await site.api<{ tracks: { coverage: [number, number][] }[] }>('GET', `/timeline?paths=${paths.join(',')}&from=${now - 120_000}&to=${now}`);
				const lengths = tracks.map(({ coverage }) => coverage.reduce((sum, [from, to]) => sum + to - from, 0));
				end = Math.min(...tracks.map(({ coverage }) => coverage.at(-1)?.[1] ?? 0));
				return Math.min(...lengths);
			},
			{ timeout: 30_000 }
		)
		.toBeGreaterThan(lengthMs);
	return { paths, end };
}

/** What the tiles show, again and again for a while, each time at one instant. */
export function watchTogether(page: Page, forMs: number): Promise<Instant[]> {
	return page.evaluate(togetherScript({ forMs, everyMs: 30, selector: '[data-testid=playback-tile] canvas' })) as Promise<Instant[]>;
}

/** How far apart these tiles were at each instant at which all could be read, ms. */
export function spreads(instants: readonly Instant[], tiles: readonly number[]): number[] {
	return instants.flatMap(({ moments }) => {
		const of = tiles.flatMap((tile) => moments[tile] ?? []);
		return of.length === tiles.length ? [Math.max(...of) - Math.min(...of)] : [];
	});
}

/** One line of figures for the log. */
export function figures(what: string, values: readonly number[]): string {
	const at = (share: number) => Math.round(percentile(values, share));
	return `${what}: ${values.length} readings, median ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)} ms`;
}
