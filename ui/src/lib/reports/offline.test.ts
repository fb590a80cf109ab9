import { expect, test } from 'vitest';
import type { OfflineReportRow } from '$lib/api';
import { lengthText, narrowed, rangeOf } from './offline';

const day = 86_400_000;

test('a period ends now, or is what was typed', () => {
	const now = 1_000 * day;
	expect(rangeOf('week', now)).toEqual({ from: 993 * day, to: now });
	const check = (typed: { from?: number; to?: number }, expected: unknown) => expect(rangeOf('own', now, typed)).toEqual(expected);
	check({ from: 1, to: 2 }, { from: 1, to: 2 });
	check({ from: 2, to: 2 }, undefined);
	check({ from: 2 }, undefined);
	check({ from: 0, to: 400 * day }, undefined);
});

test('rows are found by words of their name', () => {
	const rows = ['North gate', 'North yard', ''].map((name, id) => ({ id, name }) as OfflineReportRow);
	const check = (search: string, expected: number[]) => expect(narrowed(rows, search, ({ name }) => name || 'Without a group').map(({ id }) => id)).toEqual(expected);
	check('', [0, 1, 2]);
	check('gate NORTH', [0]);
	check('without', [2]);
	check('south', []);
});

test('lengths are hours, minutes and seconds', () => {
	expect([0, 61_400, 93_784_000].map(lengthText)).toEqual(['0:00:00', '0:01:01', '26:03:04']);
});
