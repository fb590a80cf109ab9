/**
 * How long a tile stays on the sub-stream after its main stream did not play. Pure. The main stream is tried again
 * after a minute; each time it fails soon after that the wait doubles, up to half an hour.
 */
export interface Fallback {
	since: number;
	forMs: number;
}

const firstMs = 60_000;
const mostMs = 30 * 60_000;

/** `last` is the fall before this one, if there was one. */
export function fall(last: Fallback | undefined, now: number): Fallback {
	const isAgain = last !== undefined && now - (last.since + last.forMs) < last.forMs;
	return { since: now, forMs: isAgain ? Math.min(mostMs, last.forMs * 2) : firstMs };
}

export function isOver(fallback: Fallback, now: number): boolean {
	return now - fallback.since >= fallback.forMs;
}
