/** Which capture time belongs to a media time: what turns "frame presented" into a live age. Bounded. */
const most = 1024;

export class Moments {
	#list: { mediaS: number; captureMs: number }[] = [];

	add(mediaS: number, captureMs: number): void {
		this.#list.push({ mediaS, captureMs });
		if (this.#list.length > most) this.#list.splice(0, most / 4);
	}

	/** The capture time of the frame at `mediaS`, or of the one just before it. */
	at(mediaS: number): number | undefined {
		for (let index = this.#list.length - 1; index >= 0; index--) {
			const one = this.#list[index];
			if (one && one.mediaS <= mediaS + 0.002) return one.captureMs;
		}
		return undefined;
	}

	clear(): void {
		this.#list = [];
	}
}
