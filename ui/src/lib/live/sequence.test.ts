import { expect, test } from 'vitest';
import { backoffMs, judge } from './sequence';

test('numbered messages', () => {
	const check = (last: number | undefined, sequence: number, isSnapshot: boolean, expected: string) =>
		expect(judge(last, sequence, isSnapshot)).toBe(expected);
	check(undefined, 1, true, 'apply');
	check(undefined, 1, false, 'resync');
	check(1, 2, false, 'apply');
	check(2, 2, false, 'drop');
	check(9, 2, false, 'drop');
	check(2, 4, false, 'resync');
	check(9, 20, true, 'apply');
});

test('back-off grows, is jittered and bounded', () => {
	const check = (attempt: number, random: number, expected: number) => expect(backoffMs(attempt, random)).toBe(expected);
	check(0, 0, 250);
	check(0, 1, 500);
	check(3, 0, 2000);
	check(50, 1, 10_000);
});
