import { expect, test } from 'vitest';
import { barsOf, edges, topOf } from './bars';

const hour = 3_600_000;
const at = (text: string) => Date.parse(text);

test('a day is the last 24 hours by the clock of the site', () => {
	const check = (now: string, zone: string, first: string, last: string) => {
		const places = edges('day', at(now), zone);
		expect([places.length, places[0], places.at(-1)], `${now} ${zone}`).toEqual([25, at(first), at(last)]);
	};
	check('2026-11-28T10:29:00Z', 'UTC', '2026-11-27T11:00:00Z', '2026-11-28T11:00:00Z');
	check('2026-11-28T10:29:00Z', 'Asia/Kolkata', '2026-11-27T10:30:00Z', '2026-11-28T10:30:00Z');
	check('2026-11-28T11:00:00Z', 'UTC', '2026-11-27T12:00:00Z', '2026-11-28T12:00:00Z');
});

test('weeks and months are days of the site, whatever its clock does meanwhile', () => {
	const week = edges('week', at('2026-11-28T10:29:00Z'), 'Asia/Shanghai');
	expect([week.length, week[0], week.at(-1)]).toEqual([8, at('2026-11-21T16:00:00Z'), at('2026-11-28T16:00:00Z')]);
	const summer = edges('week', at('2026-03-30T10:00:00Z'), 'Europe/Berlin');
	const lengths = summer.slice(1).map((end, n) => (end - (summer[n] ?? 0)) / hour);
	expect(lengths).toEqual([24, 24, 24, 24, 24, 23, 24]);
	expect(edges('month', at('2026-11-28T10:29:00Z'), 'UTC')).toHaveLength(31);
});

test('each hour counts in its bar', () => {
	const bars = barsOf([0, 24 * hour, 48 * hour], [
		{ at: 0, by_level: [1, 0, 0, 2] },
		{ at: 23 * hour, by_level: [0, 1, 0, 0] },
		{ at: 24 * hour, by_level: [0, 0, 5, 0] }
	]);
	expect(bars).toEqual([
		{ from: 0, to: 24 * hour, levels: [1, 1, 0, 2], total: 4 },
		{ from: 24 * hour, to: 48 * hour, levels: [0, 0, 5, 0], total: 5 }
	]);
	expect(barsOf([0, hour], [])).toEqual([{ from: 0, to: hour, levels: [0, 0, 0, 0], total: 0 }]);
});

test('the scale ends above the highest bar', () => {
	const check = (total: number, expected: number) => expect(topOf([{ from: 0, to: 1, levels: [], total }]), String(total)).toBe(expected);
	check(0, 1);
	check(1, 1);
	check(3, 5);
	check(10, 10);
	check(11, 20);
	check(501, 1000);
});
