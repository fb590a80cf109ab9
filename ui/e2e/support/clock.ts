/** Reads the clock that virtual cameras draw into every frame, from a picture element of the page. Runs in the page. */

export interface ClockReading {
	/** Age of the picture by this machine's clock, ms; undefined when the pattern is damaged or not there. */
	ageMs?: number;
}

/** Decodes 40 black or white blocks: 32 bits of wall clock in Gray code, then CRC-8 over the plain value. */
export function decodeClock(bits: readonly boolean[]): number | undefined {
	if (bits.length !== 40) return undefined;
	const word = (from: number, to: number) => bits.slice(from, to).reduce((value, bit) => value * 2 + Number(bit), 0);
	let plain = word(0, 32);
	for (const shift of [16, 8, 4, 2, 1]) plain = (plain ^ (plain >>> shift)) >>> 0;
	let crc = 0;
	for (const byte of [plain >>> 24, (plain >>> 16) & 255, (plain >>> 8) & 255, plain & 255]) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 128 ? ((crc << 1) ^ 7) & 255 : (crc << 1) & 255;
	}
	return crc === word(32, 40) ? plain : undefined;
}

export interface Sampling {
	/** How long to sample, ms. */
	forMs: number;
	everyMs: number;
	/** Camera id; all tiles when absent. */
	camera?: number;
	/** Picture elements of a page that is not ours. */
	selector?: string;
}

export interface Samples {
	ages: number[];
	/** Pictures whose pattern could not be read. */
	unread: number;
	/** Different clock values seen per tile and second: a frozen picture cannot score well. */
	freshPerSecond: number;
}

/** The clock in a picture element; undefined when its pattern is damaged or not there. Runs in the page. */
export function readClock(decodeBits: typeof decodeClock, element: HTMLVideoElement | HTMLCanvasElement): number | undefined {
	const width = element instanceof HTMLVideoElement ? element.videoWidth : element.width;
	if (width < 320) return undefined;
	const block = width >= 640 ? 16 : 8;
	const page = globalThis as unknown as { clockStrip?: HTMLCanvasElement };
	const strip = (page.clockStrip ??= document.createElement('canvas'));
	if (strip.width !== block * 40) [strip.width, strip.height] = [block * 40, block];
	const context = strip.getContext('2d', { willReadFrequently: true });
	if (!context) return undefined;
	context.drawImage(element, 0, 0, block * 40, block, 0, 0, block * 40, block);
	const { data } = context.getImageData(0, 0, block * 40, block);
	const bits = Array.from({ length: 40 }, (_, index) => {
		let sum = 0;
		for (let y = block / 4; y < (block * 3) / 4; y++) {
			for (let x = block / 4; x < (block * 3) / 4; x++) sum += data[(y * block * 40 + index * block + x) * 4 + 1] ?? 0;
		}
		return sum / (block * block * 0.25) > 126;
	});
	return decodeBits(bits);
}

/** Runs in the page and is self-contained; see `samplingScript`. */
async function sampleClocks(readBits: typeof readClock, decodeBits: typeof decodeClock, { forMs, everyMs, camera, selector }: Sampling): Promise<Samples> {
	const scope = camera === undefined ? '[data-camera]' : `[data-camera="${camera}"]`;
	const pictures = selector ?? `${scope} .player > :is(video, canvas)`;
	const ages: number[] = [];
	const seen = new Map<Element, Set<number>>();
	let unread = 0;

	const end = performance.now() + forMs;
	while (performance.now() < end) {
		for (const element of document.querySelectorAll<HTMLVideoElement | HTMLCanvasElement>(pictures)) {
			const clock = readBits(decodeBits, element);
			if (clock === undefined) {
				unread += 1;
				continue;
			}
			ages.push(((Date.now() % 2 ** 32) - clock + 2 ** 32) % 2 ** 32);
			// While one picture element takes over from another a tile has both.
			const tile = element.closest('[data-camera]') ?? element;
			if (!seen.has(tile)) seen.set(tile, new Set());
			seen.get(tile)?.add(clock);
		}
		await new Promise((resolve) => setTimeout(resolve, everyMs));
	}
	const fresh = [...seen.values()].reduce((sum, values) => sum + values.size, 0);
	return { ages, unread, freshPerSecond: seen.size ? fresh / seen.size / (forMs / 1000) : 0 };
}

/** An expression for the page that answers `Samples`. */
export function samplingScript(sampling: Sampling): string {
	return `(${sampleClocks})(${readClock}, ${decodeClock}, ${JSON.stringify(sampling)})`;
}

/** The moments burnt into some pictures at one instant, UTC milliseconds by this machine's clock, in their order. */
export interface Instant {
	at: number;
	moments: (number | null)[];
}

/** Runs in the page and is self-contained. Looks right after the page has painted. */
async function sampleTogether(readBits: typeof readClock, decodeBits: typeof decodeClock, { forMs, everyMs, selector = 'canvas' }: Sampling): Promise<Instant[]> {
	const instants: Instant[] = [];
	const end = performance.now() + forMs;
	while (performance.now() < end) {
		await new Promise((resolve) => setTimeout(resolve, everyMs));
		await new Promise((resolve) => requestAnimationFrame(resolve));
		const at = Date.now();
		const clocks = [...document.querySelectorAll<HTMLCanvasElement>(selector)].map((element) => readBits(decodeBits, element));
		instants.push({ at, moments: clocks.map((clock) => (clock === undefined ? null : at - (((at % 2 ** 32) - clock + 2 ** 32) % 2 ** 32))) });
	}
	return instants;
}

/** An expression for the page that answers `Instant[]`. */
export function togetherScript(sampling: Sampling): string {
	return `(${sampleTogether})(${readClock}, ${decodeClock}, ${JSON.stringify(sampling)})`;
}

export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
