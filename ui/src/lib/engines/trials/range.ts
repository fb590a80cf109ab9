/** Which part of the recordings a task is tried on. Pure. */
import { fromLocalInput, toLocalInput } from '$lib/timeline/zone';

export type RangeChoice = 'hour' | 'day' | 'range';
export const choices: RangeChoice[] = ['hour', 'day', 'range'];

export interface TrialRange {
	from: number;
	to: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Or what is wrong with it: a day is the longest the site takes, and nothing is recorded of what is to come. */
export function rangeOf(choice: RangeChoice, from: string, to: string, timeZone: string, now: number): TrialRange | 'missing' | 'backwards' | 'too_long' | 'future' {
	if (choice !== 'range') return { from: now - (choice === 'hour' ? hourMs : dayMs), to: now };
	const [begin, end] = [fromLocalInput(from, timeZone), fromLocalInput(to, timeZone)];
	if (begin === undefined || end === undefined) return 'missing';
	if (end <= begin) return 'backwards';
	if (end - begin > dayMs) return 'too_long';
	return begin >= now ? 'future' : { from: begin, to: end };
}

/** What the fields begin with: the hour before now, on the minute. */
export function lastHour(timeZone: string, now: number): { from: string; to: string } {
	const minute = Math.floor(now / 60_000) * 60_000;
	return { from: toLocalInput(minute - hourMs, timeZone), to: toLocalInput(minute, timeZone) };
}
