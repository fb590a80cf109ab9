/** Marks along the timeline at round local times. Pure. */
import { span, type TimeView } from './view';

export interface Tick {
	readonly at: number;
	/** Big ticks carry a label. */
	readonly big: boolean;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
	SECOND,
	2 * SECOND,
	5 * SECOND,
	10 * SECOND,
	30 * SECOND,
	MINUTE,
	2 * MINUTE,
	5 * MINUTE,
	10 * MINUTE,
	30 * MINUTE,
	HOUR,
	2 * HOUR,
	6 * HOUR,
	12 * HOUR,
	DAY,
	2 * DAY,
	7 * DAY
];
/** Small steps per big one, for each entry of STEPS that is used as the big step. */
const SMALL_PER_BIG: Record<number, number> = { 2: 2, 5: 5, 10: 5, 30: 3, 1: 4, 6: 6, 12: 6, 7: 7 };

/** Smallest step whose labels stay at least this many pixels apart. */
export function bigStep(view: TimeView, width: number, labelPx: number): number {
	const msPerPx = span(view) / Math.max(1, width);
	return STEPS.find((step) => step / msPerPx >= labelPx) ?? STEPS[STEPS.length - 1]!;
}

/**
 * Ticks of a view. `offsetMs` is local time minus UTC at the view's middle, so that hours and days fall on
 * local midnight; within a day of a clock change ticks may be off by that hour, labels never are.
 */
export function ticks(view: TimeView, width: number, labelPx: number, offsetMs: number): Tick[] {
	const big = bigStep(view, width, labelPx);
	const lead = Number(String(big / (big >= DAY ? DAY : big >= HOUR ? HOUR : big >= MINUTE ? MINUTE : SECOND)));
	const small = big / (SMALL_PER_BIG[lead] ?? 2);
	const result: Tick[] = [];
	const first = Math.ceil((view.from + offsetMs) / small);
	const last = Math.floor((view.to + offsetMs) / small);
	for (let i = first; i <= last; i++) {
		const local = i * small;
		result.push({ at: local - offsetMs, big: local % big === 0 });
	}
	return result;
}

/** How exact a label must be for a step. */
export function labelKind(step: number): 'day' | 'minute' | 'second' {
	if (step >= DAY) return 'day';
	return step >= MINUTE ? 'minute' : 'second';
}
