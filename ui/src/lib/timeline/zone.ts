/** Local times of the site's zone, whatever zone the browser is in. Pure. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** A date format, made once: making one costs more than using it a hundred times. */
export function zoned(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = `${language} ${JSON.stringify(options)}`;
	const format = formats.get(key) ?? new Intl.DateTimeFormat(language, { hourCycle: 'h23', ...options });
	formats.set(key, format);
	return format;
}

/** Local time minus UTC, in milliseconds, in a zone at a moment. */
export function zoneOffsetMs(time: number, timeZone: string): number {
	const numeric = 'numeric';
	const parts = zoned('en-US', { timeZone, year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric }).formatToParts(time);
	const field = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
	const local = Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'), field('second'));
	return local - Math.floor(time / 1000) * 1000;
}

/** For `datetime-local`, which wants local time without a zone: `2026-11-25T21:47:37`. */
export function toLocalInput(time: number, timeZone: string): string {
	return new Date(time + zoneOffsetMs(time, timeZone)).toISOString().slice(0, 19);
}

/** The moment of such a value; undefined for half a date. An hour that a clock change skips counts as the one after it. */
export function fromLocalInput(text: string, timeZone: string): number | undefined {
	const local = Date.parse(`${text}Z`);
	if (!Number.isFinite(local)) return undefined;
	const guess = local - zoneOffsetMs(local, timeZone);
	return local - zoneOffsetMs(guess, timeZone);
}
