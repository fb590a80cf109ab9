import { expect, it } from 'vitest';
import { fromLocalInput, toLocalInput, zoneOffsetMs } from './zone';

const HOUR = 3_600_000;

it('knows the offset of a zone through a clock change', () => {
	expect(zoneOffsetMs(Date.UTC(2026, 0, 1), 'Asia/Shanghai')).toBe(8 * HOUR);
	expect(zoneOffsetMs(Date.UTC(2026, 0, 1), 'Europe/Berlin')).toBe(HOUR);
	expect(zoneOffsetMs(Date.UTC(2026, 6, 1), 'Europe/Berlin')).toBe(2 * HOUR);
});

it.each([
	[Date.UTC(2026, 10, 25, 13, 47, 37), 'Asia/Shanghai', '2026-11-25T21:47:37'],
	[Date.UTC(2026, 10, 25, 23, 30), 'Asia/Shanghai', '2026-11-26T07:30:00'],
	[Date.UTC(2026, 2, 29, 0, 59, 59), 'Europe/Berlin', '2026-03-29T01:59:59'],
	[Date.UTC(2026, 2, 29, 1, 0, 0), 'Europe/Berlin', '2026-03-29T03:00:00']
])('goes to local time and back: %d in %s', (time, zone, text) => {
	expect(toLocalInput(time, zone)).toBe(text);
	expect(fromLocalInput(text, zone)).toBe(time);
});

it('has no moment for half a date', () => {
	expect(fromLocalInput('', 'Europe/Berlin')).toBeUndefined();
	expect(fromLocalInput('2026-11', 'Europe/Berlin')).toBe(Date.UTC(2026, 9, 31, 23));
});
