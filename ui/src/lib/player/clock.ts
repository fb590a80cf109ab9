/**
 * The site's clock as seen from here. Of the last samples the one with the shortest round trip is believed,
 * because its error is at most half of that trip. Microseconds in, milliseconds out.
 */
interface Sample {
	offsetMs: number;
	tripMs: number;
}

const kept = 12;

export class ServerClock {
	#samples: Sample[] = [];
	#best: Sample | undefined;

	/** `sentAt` and `heardAt` on our clock in ms, `serverAt` on the site's in ms. */
	add(sentAt: number, heardAt: number, serverAt: number): void {
		const tripMs = Math.max(0, heardAt - sentAt);
		this.#samples.push({ offsetMs: serverAt - (sentAt + heardAt) / 2, tripMs });
		if (this.#samples.length > kept) this.#samples.shift();
		this.#best = this.#samples.reduce((best, one) => (one.tripMs < best.tripMs ? one : best));
	}

	/** A first guess from `hello`; any real sample is better. */
	guess(heardAt: number, serverAt: number): void {
		if (this.#samples.length === 0) this.#best = { offsetMs: serverAt - heardAt, tripMs: Number.MAX_VALUE };
	}

	get offsetMs(): number {
		return this.#best?.offsetMs ?? 0;
	}

	now(): number {
		return wallNow() + this.offsetMs;
	}
}

/** Wall clock in ms with the resolution of `performance.now`; it follows a clock that is set while the page is open. */
export function wallNow(): number {
	const precise = performance.timeOrigin + performance.now();
	const coarse = Date.now();
	return Math.abs(precise - coarse) > 100 ? coarse : precise;
}
