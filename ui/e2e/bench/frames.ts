/** Frame by frame: when each picture of one element was first seen, read from its drawn clock. Runs in the page. */
import { decodeClock } from '../support/clock';

export interface Seen {
	/** Clock drawn in the picture, ms. */
	clock: number;
	/** Its age when it was first on the element, ms. */
	ageMs: number;
}

/** Self-contained; see `framesScript`. */
async function watch(decodeBits: typeof decodeClock, selector: string, forMs: number): Promise<Seen[]> {
	const strip = document.createElement('canvas');
	const context = strip.getContext('2d', { willReadFrequently: true });
	const seen: Seen[] = [];
	const end = performance.now() + forMs;
	while (performance.now() < end) {
		await new Promise(requestAnimationFrame);
		const element = document.querySelector<HTMLVideoElement | HTMLCanvasElement>(selector);
		const width = element instanceof HTMLVideoElement ? element.videoWidth : (element?.width ?? 0);
		if (!element || !context || width < 320) continue;
		const block = width >= 640 ? 16 : 8;
		strip.width = block * 40;
		strip.height = 1;
		context.drawImage(element, 0, block / 2, block * 40, 1, 0, 0, block * 40, 1);
		const { data } = context.getImageData(0, 0, block * 40, 1);
		const bits = Array.from({ length: 40 }, (_, index) => (data[(index * block + block / 2) * 4 + 1] ?? 0) > 126);
		const clock = decodeBits(bits);
		if (clock === undefined || clock === seen.at(-1)?.clock) continue;
		seen.push({ clock, ageMs: ((Date.now() % 2 ** 32) - clock + 2 ** 32) % 2 ** 32 });
	}
	return seen;
}

export function framesScript(selector: string, forMs: number): string {
	return `(${watch})(${decodeClock}, ${JSON.stringify(selector)}, ${forMs})`;
}

/** Share of the camera's pictures that came more than one picture later than the median one, or never. */
export function latePercent(seen: readonly Seen[], fps: number): number {
	const [first, last] = [seen[0], seen.at(-1)];
	if (!first || !last || seen.length < 2) return 100;
	const sorted = seen.map(({ ageMs }) => ageMs).sort((a, b) => a - b);
	const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
	const inTime = seen.filter(({ ageMs }) => ageMs <= median + 1000 / fps).length;
	const sent = Math.round(((last.clock - first.clock) / 1000) * fps) + 1;
	return Math.max(0, (1 - inTime / sent) * 100);
}
