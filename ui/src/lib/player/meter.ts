/** How fast pictures and bytes come, from two counts that only grow. */
const leastS = 0.5;

export class Meter {
	framesPerSecond = 0;
	kilobitsPerSecond = 0;
	#at: number;
	#pictures = 0;
	#bytes = 0;

	constructor(now: number) {
		this.#at = now;
	}

	/** Bytes start again from nothing with a new connection. */
	measure(now: number, pictures: number, bytes: number): void {
		const seconds = (now - this.#at) / 1000;
		if (seconds < leastS) return;
		this.framesPerSecond = (pictures - this.#pictures) / seconds;
		this.kilobitsPerSecond = (Math.max(0, bytes - this.#bytes) * 8) / 1000 / seconds;
		this.#at = now;
		this.#pictures = pictures;
		this.#bytes = bytes;
	}
}
