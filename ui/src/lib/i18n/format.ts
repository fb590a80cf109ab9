/** Dates, durations and sizes for people, in the language on screen and the site's time zone. */
import { locale } from './locale.svelte';

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
	const key = `${locale.language} ${locale.timeZone} ${name}`;
	let format = formats.get(key);
	if (!format) {
		format = new Intl.DateTimeFormat(locale.language, { hourCycle: 'h23', timeZone: locale.timeZone, ...options });
		formats.set(key, format);
	}
	return format;
}

/** `14:03:09` */
export function clock(at: number): string {
	return dateFormat('clock', { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at);
}

/** Day and time to the second. */
export function moment(at: number): string {
	return dateFormat('moment', { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
}

/** `14:00` */
export function minute(at: number): string {
	return dateFormat('minute', { hour: '2-digit', minute: '2-digit' }).format(at);
}

/** A day without its year: `28 Nov` */
export function shortDay(at: number): string {
	return dateFormat('shortDay', { day: 'numeric', month: 'short' }).format(at);
}

export function day(at: number): string {
	return dateFormat('day', { dateStyle: 'medium' }).format(at);
}

export function number(value: number, digits = 0): string {
	return new Intl.NumberFormat(locale.language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}

/** `0.25 %` of a share from 0 to 1. */
export function percent(share: number, digits = 0): string {
	return new Intl.NumberFormat(locale.language, { style: 'percent', maximumFractionDigits: digits }).format(share);
}

/** `1.4 TB`: decimal units, as disks are sold. */
export function bytes(value: number): string {
	const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'];
	const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
	const scaled = value / 10 ** (step * 3);
	return new Intl.NumberFormat(locale.language, {
		style: 'unit',
		unit: units[step],
		unitDisplay: 'short',
		maximumFractionDigits: step > 2 && scaled < 100 ? 1 : 0
	}).format(scaled);
}

/** `1 day`, `7 days` */
export function days(count: number): string {
	return new Intl.NumberFormat(locale.language, { style: 'unit', unit: 'day', unitDisplay: 'long' }).format(count);
}

/** `12 s`, `3 min`, `2 h`: the largest unit that fits. */
export function duration(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1000));
	const [value, unit] =
		seconds < 60
			? [seconds, 'second']
			: seconds < 3600
				? [Math.floor(seconds / 60), 'minute']
				: seconds < 172_800
					? [Math.floor(seconds / 3600), 'hour']
					: [Math.floor(seconds / 86_400), 'day'];
	return new Intl.NumberFormat(locale.language, { style: 'unit', unit: String(unit), unitDisplay: 'short' }).format(Number(value));
}

/** `+3.2 s`, `−2 min`: how far one clock is ahead of another. */
export function offset(ms: number): string {
	const sign = ms < 0 ? '−' : '+';
	const size = Math.abs(ms);
	const text = size < 10_000 ? new Intl.NumberFormat(locale.language, { style: 'unit', unit: 'second', unitDisplay: 'short', maximumFractionDigits: 1 }).format(size / 1000) : duration(size);
	return `${sign}${text}`;
}
