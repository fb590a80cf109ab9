/**
 * The visible stretch of time and how it maps to pixels. Pure.
 * Times are UTC milliseconds.
 */
export interface TimeView {
	readonly from: number;
	readonly to: number;
}

/** Closest zoom: ten seconds across the whole timeline. */
export const MIN_SPAN_MS = 10_000;
/** Widest zoom: thirty days. */
export const MAX_SPAN_MS = 30 * 24 * 3_600_000;

export function span(view: TimeView): number {
	return view.to - view.from;
}

export function timeAt(view: TimeView, x: number, width: number): number {
	return view.from + (x / Math.max(1, width)) * span(view);
}

export function xAt(view: TimeView, time: number, width: number): number {
	return ((time - view.from) / span(view)) * width;
}

/** Zooms by a factor (below 1 looks closer) while the time under the pointer stays where it is. */
export function zoom(view: TimeView, factor: number, anchor: number): TimeView {
	const wanted = Math.min(MAX_SPAN_MS, Math.max(MIN_SPAN_MS, span(view) * factor));
	const share = (anchor - view.from) / span(view);
	const from = anchor - share * wanted;
	return { from, to: from + wanted };
}

export function pan(view: TimeView, deltaMs: number): TimeView {
	return { from: view.from + deltaMs, to: view.to + deltaMs };
}

/** Same zoom, this time in the middle. */
export function centre(view: TimeView, time: number): TimeView {
	const half = span(view) / 2;
	return { from: time - half, to: time + half };
}

/** Keeps a moving playhead on screen: jumps a page when it leaves, else leaves the view alone. */
export function follow(view: TimeView, time: number): TimeView {
	if (time >= view.from && time <= view.to - span(view) * 0.02) return view;
	const from = time - span(view) * 0.1;
	return { from, to: from + span(view) };
}

/** One `[start, end]` pair per stretch, ascending and apart. */
export type Stretch = readonly [number, number];

/** Pairs as the API sends them; its document cannot say that there are two of each. */
export function stretchesOf(pairs: readonly (readonly number[])[]): Stretch[] {
	return pairs.flatMap(([start, end]): Stretch[] => (start === undefined || end === undefined ? [] : [[start, end]]));
}

/** The stretch under a time, or undefined between stretches. */
export function stretchAt(stretches: readonly Stretch[], time: number): Stretch | undefined {
	let low = 0;
	let high = stretches.length - 1;
	while (low <= high) {
		const middle = (low + high) >> 1;
		const stretch = stretches[middle]!;
		if (time < stretch[0]) high = middle - 1;
		else if (time >= stretch[1]) low = middle + 1;
		else return stretch;
	}
	return undefined;
}

/** Where playback can really go: the time itself inside a recording, else the nearest recorded moment. */
export function nearestRecorded(stretches: readonly Stretch[], time: number): number | undefined {
	if (stretches.length === 0) return undefined;
	if (stretchAt(stretches, time)) return time;
	let best: number | undefined;
	for (const [start, end] of stretches) {
		for (const edge of [start, end - 1]) {
			if (best === undefined || Math.abs(edge - time) < Math.abs(best - time)) best = edge;
		}
	}
	return best;
}
