/** The bars of a count of alarms: hours of a day, or days of a week or a month, by the site's clock. Pure. */
import type { AlarmHour } from '$lib/api';
import { fromLocalInput, zoneOffsetMs } from '$lib/timeline/zone';

export type Span = 'day' | 'week' | 'month';
export const spans: readonly Span[] = ['day', 'week', 'month'];
const hour = 3_600_000;
const lengths = { day: 24, week: 7, month: 30 };

export interface Bar {
	from: number;
	to: number;
	/** Alarms of levels 1 to 4. */
	levels: number[];
	total: number;
}

/** Begins of the bars of a span that ends with the hour, or the day, that `now` is in; the last one is the end. */
export function edges(span: Span, now: number, zone: string): number[] {
	const count = lengths[span];
	if (span === 'day') {
		const offset = zoneOffsetMs(now, zone);
		const last = Math.floor((now + offset) / hour) * hour - offset;
		return Array.from({ length: count + 1 }, (_, n) => last + (n - count + 1) * hour);
	}
	const local = now + zoneOffsetMs(now, zone);
	const today = Math.floor(local / (24 * hour));
	return Array.from({ length: count + 1 }, (_, n) => midnight(today + n - count + 1, zone));
}

/** A day has 23 hours when summer begins. */
function midnight(day: number, zone: string): number {
	const local = day * 24 * hour;
	return fromLocalInput(new Date(local).toISOString().slice(0, 19), zone) ?? local;
}

export function barsOf(places: readonly number[], hours: readonly AlarmHour[]): Bar[] {
	const bars = places.slice(0, -1).map((from, n): Bar => ({ from, to: places[n + 1] ?? from, levels: [0, 0, 0, 0], total: 0 }));
	let n = 0;
	for (const { at, by_level } of hours) {
		while (n < bars.length - 1 && at >= (bars[n]?.to ?? 0)) n += 1;
		const bar = bars[n];
		by_level.forEach((count, level) => {
			if (bar) [bar.levels[level], bar.total] = [(bar.levels[level] ?? 0) + count, bar.total + count];
		});
	}
	return bars;
}

/** The top of the scale: 1, 2 or 5 times a power of ten that holds the highest bar. */
export function topOf(bars: readonly Bar[]): number {
	const most = Math.max(1, ...bars.map(({ total }) => total));
	const power = 10 ** Math.floor(Math.log10(most));
	return ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10) * power;
}
