import { expect, test } from 'vitest';
import { flagAt, flagsOf, type AlarmMark } from './alarm_flags';

const view = { from: 0, to: 1000 };
const mark = (id: number, from: number, change: Partial<AlarmMark> = {}): AlarmMark => ({ id, level: 2, isOpen: true, from, to: from, title: { en: 'A', zh_cn: '甲' }, ...change });
const idsOf = (flags: ReturnType<typeof flagsOf>) => flags.map(({ x, alarms }) => [x, alarms.map(({ id }) => id)]);

test('alarms that would cover each other are one flag, with the one to look at first in front', () => {
	expect(idsOf(flagsOf([mark(1, 100), mark(2, 200)], view, 1000))).toEqual([[100, [1]], [200, [2]]]);
	expect(idsOf(flagsOf([mark(3, 108, { level: 4, isOpen: false }), mark(1, 100), mark(2, 104, { level: 3 }), mark(4, 115)], view, 1000))).toEqual([[100, [2, 1, 3]], [115, [4]]]);
	// Looked at more closely they come apart.
	expect(flagsOf([mark(1, 100), mark(2, 104)], { from: 100, to: 120 }, 1000)).toHaveLength(2);
});

test('what goes on is as long as it goes on, and what is not visible is not there', () => {
	expect(flagsOf([mark(1, -50, { to: 300 })], view, 500)).toMatchObject([{ x: 0, length: 150 }]);
	expect(flagsOf([mark(1, -50), mark(2, 1001)], view, 500)).toEqual([]);
	expect(flagsOf([mark(1, 900, { to: 5000 })], view, 500)).toMatchObject([{ x: 450, length: 50 }]);
});

test('a flag is met beside its middle, the nearest one', () => {
	const flags = flagsOf([mark(1, 100), mark(2, 116)], view, 1000);
	const check = (x: number, expected: number | undefined) => expect(flagAt(flags, x)?.alarms[0]?.id, String(x)).toBe(expected);
	check(91, 1);
	check(90, undefined);
	check(107, 1);
	check(109, 2);
	check(126, undefined);
});
