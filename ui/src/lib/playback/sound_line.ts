/**
 * Where recorded moments lie on the timeline of a sound's media element. Pure.
 *
 * The site's timeline only ever grows; recorded time jumps with every seek and every gap that is skipped. A line is a
 * list of stretches, within each of which both run alike. Moments are UTC milliseconds, media times seconds.
 */
interface Stretch {
	readonly from: number;
	readonly mediaS: number;
	to: number;
}

/** Sound further apart than this from where it is expected begins a stretch of its own. */
const JUMP_MS = 60;
/** Older stretches are played and gone. */
const MOST = 32;

export class SoundLine {
	#stretches: Stretch[] = [];

	/** A frame taken at `at` was placed at `mediaS`. */
	note(at: number, mediaS: number): void {
		const last = this.#stretches.at(-1);
		const expected = last && last.mediaS * 1000 + (at - last.from);
		if (last && expected !== undefined && at >= last.from && Math.abs(mediaS * 1000 - expected) < JUMP_MS) {
			last.to = Math.max(last.to, at);
			return;
		}
		this.#stretches.push({ from: at, to: at, mediaS });
		if (this.#stretches.length > MOST) this.#stretches.shift();
	}

	/** The media time of a recorded moment, in seconds; undefined where there is no sound. */
	mediaAt(at: number): number | undefined {
		// The newest first: after a seek back the same moment lies on the line twice.
		for (let index = this.#stretches.length - 1; index >= 0; index--) {
			const stretch = this.#stretches[index];
			if (stretch && at >= stretch.from && at <= stretch.to + JUMP_MS) return stretch.mediaS + (at - stretch.from) / 1000;
		}
		return undefined;
	}

	clear(): void {
		this.#stretches = [];
	}
}

export type Correction = { kind: 'jump' } | { kind: 'rate'; rate: number };

/** Sound this far from the picture is noticed, and jumps. */
const NOTICED_S = 0.15;
/** Closer than this it is left alone: rate changes are heard as well. */
const FINE_S = 0.03;

/** What to do about sound that is `offS` seconds ahead of the picture (behind, when negative). */
export function correct(offS: number): Correction {
	if (Math.abs(offS) > NOTICED_S) return { kind: 'jump' };
	if (Math.abs(offS) < FINE_S) return { kind: 'rate', rate: 1 };
	return { kind: 'rate', rate: offS > 0 ? 0.98 : 1.02 };
}
