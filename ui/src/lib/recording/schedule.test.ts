import { expect, test } from 'vitest';
import { copyDay, hours, moved, paint, slotAt, timeOf, uniform } from './schedule';

test('a rectangle is painted, from whichever corner', () => {
	const check = (from: [number, number], to: [number, number], expected: [number, number, string][]) => {
		const week = paint(uniform('-'), { day: from[0], slot: from[1] }, { day: to[0], slot: to[1] }, 'c');
		expect(week.every((day) => day.length === 48)).toBe(true);
		for (const [day, slot, letter] of expected) expect(slotAt(week, { day, slot }), `${day} ${slot}`).toBe(letter);
	};
	check([0, 16], [4, 35], [[0, 16, 'c'], [4, 35, 'c'], [2, 20, 'c'], [0, 15, '-'], [0, 36, '-'], [5, 20, '-']]);
	check([4, 35], [0, 16], [[0, 16, 'c'], [4, 35, 'c'], [5, 16, '-']]);
	check([6, 47], [6, 47], [[6, 47, 'c'], [6, 46, '-'], [5, 47, '-']]);
	check([0, 0], [6, 47], [[0, 0, 'c'], [6, 47, 'c']]);
});

test('a day is copied to others and not to itself', () => {
	const week = copyDay(paint(uniform('c'), { day: 1, slot: 0 }, { day: 1, slot: 9 }, 'e'), 1, [0, 1, 6]);
	expect([0, 1, 2, 6].map((day) => slotAt(week, { day, slot: 3 }))).toEqual(['e', 'e', 'c', 'e']);
});

test('arrows stay inside the week', () => {
	const check = (key: string, from: [number, number], to: [number, number] | undefined) =>
		expect(moved({ day: from[0], slot: from[1] }, key), key).toEqual(to && { day: to[0], slot: to[1] });
	check('ArrowLeft', [0, 0], [0, 0]);
	check('ArrowRight', [0, 46], [0, 47]);
	check('ArrowRight', [0, 47], [0, 47]);
	check('ArrowUp', [0, 5], [0, 5]);
	check('ArrowDown', [5, 5], [6, 5]);
	check('End', [3, 5], [3, 47]);
	check('Home', [3, 5], [3, 0]);
	check('Enter', [3, 5], undefined);
});

test('times and hours are counted', () => {
	expect([0, 1, 17, 48].map(timeOf)).toEqual(['00:00', '00:30', '08:30', '24:00']);
	expect(hours(paint(uniform('-'), { day: 0, slot: 0 }, { day: 1, slot: 3 }, 'e'))).toEqual({ c: 0, e: 4, '-': 164 });
});
