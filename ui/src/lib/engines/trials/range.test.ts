import { describe, expect, it } from 'vitest';
import { lastHour, rangeOf } from './range';

const zone = 'Asia/Shanghai';
const now = Date.UTC(2026, 10, 28, 4, 30, 12);

describe('the range of a trial', () => {
	it('is the time up to now, or what is typed in the time of the site', () => {
		expect(rangeOf('hour', '', '', zone, now)).toEqual({ from: now - 3_600_000, to: now });
		expect(rangeOf('day', '', '', zone, now)).toEqual({ from: now - 86_400_000, to: now });
		const typed = rangeOf('range', '2026-11-28T08:00:00', '2026-11-28T08:30:00', zone, now);
		expect(typed).toEqual({ from: Date.UTC(2026, 10, 28, 0, 0), to: Date.UTC(2026, 10, 28, 0, 30) });
	});

	it('says what is wrong with it', () => {
		const check = (from: string, to: string, expected: string) => expect(rangeOf('range', from, to, zone, now)).toBe(expected);
		check('', '2026-11-28T08:30', 'missing');
		check('2026-11-28T08:30', '2026-11-28T08:30', 'backwards');
		check('2026-11-26T08:30', '2026-11-28T08:30', 'too_long');
		check('2026-11-28T20:00', '2026-11-28T21:00', 'future');
	});

	it('begins with the last hour', () => {
		expect(lastHour(zone, now)).toEqual({ from: '2026-11-28T11:30:00', to: '2026-11-28T12:30:00' });
	});
});
