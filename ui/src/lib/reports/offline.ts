/** Periods of the report of absences, and its rows narrowed by name. Pure. */
import type { OfflineReportRow } from '$lib/api';

export const periods = ['day', 'week', 'month', 'year', 'own'] as const;
export type Period = (typeof periods)[number];

export interface Range {
	from: number;
	to: number;
}

const dayMs = 86_400_000;
const lengths: Record<Exclude<Period, 'own'>, number> = { day: dayMs, week: 7 * dayMs, month: 30 * dayMs, year: 365 * dayMs };
/** What the site counts at most: a year and a day. */
const longestMs = 367 * dayMs;

/** Up to now, or as typed; undefined for half a period, one that is no longer than nothing, and one that is too long. */
export function rangeOf(period: Period, now: number, typed: Partial<Range> = {}): Range | undefined {
	if (period !== 'own') return { from: now - lengths[period], to: now };
	const { from, to } = typed;
	if (from === undefined || to === undefined || from >= to || to - from > longestMs) return undefined;
	return { from, to };
}

/** Words in any order. */
export function narrowed(rows: readonly OfflineReportRow[], search: string, nameOf: (row: OfflineReportRow) => string): OfflineReportRow[] {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	return rows.filter((row) => words.every((word) => nameOf(row).toLowerCase().includes(word)));
}

/** `26:03:04`, hours first; the same in every language. */
export function lengthText(ms: number): string {
	const seconds = Math.round(ms / 1000);
	const two = (value: number) => String(value).padStart(2, '0');
	return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
