/** The playback page as a user of it sees it. */
import { expect, type Locator, type Page } from '@playwright/test';
import { decodeClock, percentile, readClock, samplingScript, togetherScript, type Instant, type Samples } from './clock';
import type { TestSite } from './site';

/** What is shown, and not what is drawn over it. */
const picture = '[data-testid=playback-tile] canvas:not([data-testid=boxes])';

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
	const script = samplingScript({ forMs: 1, everyMs: 1, selector: picture });
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
	return page.evaluate(togetherScript({ forMs, everyMs: 30, selector: picture })) as Promise<Instant[]>;
}

/** How far apart these tiles were at each instant at which all could be read, ms. */
export function spreads(instants: readonly Instant[], tiles: readonly number[]): number[] {
	return instants.flatMap(({ moments }) => {
		const of = tiles.flatMap((tile) => moments[tile] ?? []);
		return of.length === tiles.length ? [Math.max(...of) - Math.min(...of)] : [];
	});
}

/** Of results that say by where their box is when they are from: it goes over the picture once in so long, which the clock in pictures (32 bits) begins with as well. */
export const boxTurnMs = 4096;
const boxShare = 0.8;

export function boxOf(at: number): [number, number, number, number] {
	return [((at % boxTurnMs) / boxTurnMs) * boxShare, 0.4, 0.1, 0.2];
}

/** Runs in the page and is self-contained: how far the only box's moment is from its picture's, again and again. */
async function sampleBoxes(readBits: typeof readClock, decodeBits: typeof decodeClock, { forMs, turnMs, share }: { forMs: number; turnMs: number; share: number }): Promise<number[]> {
	const apart: number[] = [];
	const end = performance.now() + forMs;
	do {
		await new Promise((resolve) => requestAnimationFrame(resolve));
		const [shown, boxes] = document.querySelectorAll<HTMLCanvasElement>('[data-testid=playback-tile] canvas');
		const clock = shown && readBits(decodeBits, shown);
		if (!shown || !boxes || boxes.hidden || boxes.dataset.late !== 'false' || clock === undefined) continue;
		const fit = Math.min(boxes.width / shown.width, boxes.height / shown.height);
		const left = (boxes.width - shown.width * fit) / 2;
		const { data } = boxes.getContext('2d')!.getImageData(0, Math.round(boxes.height / 2), boxes.width, 1);
		let x = 0;
		while (x < boxes.width && !((data[4 * x] ?? 0) > 200 && (data[4 * x + 1] ?? 255) < 140)) x += 1;
		const moment = ((x - left) / (shown.width * fit) / share) * turnMs;
		const off = (((clock - moment) % turnMs) + turnMs) % turnMs;
		apart.push(Math.min(off, turnMs - off));
	} while (performance.now() < end);
	return apart;
}

export function watchBoxes(page: Page, forMs: number): Promise<number[]> {
	return page.evaluate(`(${sampleBoxes})(${readClock}, ${decodeClock}, ${JSON.stringify({ forMs, turnMs: boxTurnMs, share: boxShare })})`) as Promise<number[]>;
}

/** One line of figures for the log. */
export function figures(what: string, values: readonly number[]): string {
	const at = (share: number) => Math.round(percentile(values, share));
	return `${what}: ${values.length} readings, median ${at(0.5)}, p95 ${at(0.95)}, worst ${at(1)} ms`;
}
