/** Holidays of the site, as days of its own calendar. Pure. */

export const mostHolidays = 366;
const form = /^\d{4}-\d{2}-\d{2}$/;

/** `2026-12-25`; nothing that no calendar has. */
export function isDay(text: string): boolean {
	if (!form.test(text)) return false;
	const at = Date.parse(`${text}T00:00:00Z`);
	return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}

/** In order, each once; what is no day is left out. */
export function withDay(days: readonly string[], day: string): string[] {
	if (!isDay(day)) return [...days];
	return [...new Set([...days, day])].sort().slice(0, mostHolidays);
}

/** Until when a mode set by hand holds; undefined: until somebody changes it. */
export function untilOf(choice: string, now: number): number | undefined {
	const hours = Number(choice);
	return Number.isFinite(hours) && hours > 0 ? now + hours * 3_600_000 : undefined;
}
