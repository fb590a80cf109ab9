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

/** Runs in the page and is self-contained; see `samplingScript`. */
async function sampleClocks(decodeBits: typeof decodeClock, { forMs, everyMs, camera, selector }: Sampling): Promise<Samples> {
	const strip = document.createElement('canvas');
	const context = strip.getContext('2d', { willReadFrequently: true });
	const scope = camera === undefined ? '[data-camera]' : `[data-camera="${camera}"]`;
	const pictures = selector ?? `${scope} .player > :is(video, canvas)`;
	const ages: number[] = [];
	const seen = new Map<Element, Set<number>>();
	let unread = 0;

	const read = (element: HTMLVideoElement | HTMLCanvasElement): number | undefined => {
		const width = element instanceof HTMLVideoElement ? element.videoWidth : element.width;
		if (!context || width < 320) return undefined;
		const block = width >= 640 ? 16 : 8;
		strip.width = block * 40;
		strip.height = block;
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
	};

	const end = performance.now() + forMs;
	while (performance.now() < end) {
		for (const element of document.querySelectorAll<HTMLVideoElement | HTMLCanvasElement>(pictures)) {
			const clock = read(element);
			if (clock === undefined) {
				unread += 1;
				continue;
			}
			ages.push(((Date.now() % 2 ** 32) - clock + 2 ** 32) % 2 ** 32);
			if (!seen.has(element)) seen.set(element, new Set());
			seen.get(element)?.add(clock);
		}
		await new Promise((resolve) => setTimeout(resolve, everyMs));
	}
	const fresh = [...seen.values()].reduce((sum, values) => sum + values.size, 0);
	return { ages, unread, freshPerSecond: seen.size ? fresh / seen.size / (forMs / 1000) : 0 };
}

/** An expression for the page that answers `Samples`. */
export function samplingScript(sampling: Sampling): string {
	return `(${sampleClocks})(${decodeClock}, ${JSON.stringify(sampling)})`;
}

export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
