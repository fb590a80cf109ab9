/**
 * How fast to play so that the buffer stays two to four frames deep. Pure.
 *
 * In the band the rate is 1. Above it the picture runs up to 10 % faster until the middle of the band is reached,
 * below it 5 % slower, before the buffer runs dry. A seek is the last resort: only more than a second behind, and
 * only when a picture has been shown since the last one, so that seeks can never chase each other.
 */
export interface ChaseInput {
	/** Buffered end minus playing position, seconds. */
	gapS: number;
	/** Length of one frame, seconds. */
	frameS: number;
	/** The rate now. */
	rate: number;
	/** A picture was presented since the last seek. */
	hasPresentedSinceSeek: boolean;
}

export type Chase = { kind: 'rate'; rate: number } | { kind: 'seek'; behindS: number };

const seekGapS = 1;

export function chase({ gapS, frameS, rate, hasPresentedSinceSeek }: ChaseInput): Chase {
	const target = 3 * frameS;
	if (gapS > seekGapS && hasPresentedSinceSeek) return { kind: 'seek', behindS: target };
	if (gapS > 4 * frameS || (rate > 1 && gapS > target)) {
		// Proportional, in steps of 0.01 so that a pipeline is not bothered by every wobble.
		const wanted = 1 + Math.min(0.1, Math.max(0.02, (gapS - target) * 0.4));
		return { kind: 'rate', rate: Math.round(wanted * 100) / 100 };
	}
	if (gapS < 1.5 * frameS || (rate < 1 && gapS < 2.5 * frameS)) return { kind: 'rate', rate: 0.95 };
	return { kind: 'rate', rate: 1 };
}
