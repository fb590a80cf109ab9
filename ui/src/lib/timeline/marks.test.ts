import { expect, test } from 'vitest';
import { familyOf, kindsAt, marksOf, shapesOf } from './marks';

const view = { from: 0, to: 1000 };
const mark = (kind: string, start: number, end = start) => ({ kind, start, end });

test('families', () => {
	const check = (kind: string, expected: string) => expect(familyOf(kind)).toBe(expected);
	check('motion', 'movement');
	check('person', 'subject');
	check('line_crossed', 'rule');
	check('signal_lost', 'trouble');
	check('relay', 'signal');
	check('something new', 'signal');
});

test('what somebody asked for stands among what the camera noticed', () => {
	const trigger = (at: number, kind?: string) => ({ at, from: at, kind, reason: '', by: '' });
	const track = { marks: [mark('motion', 10, 20), mark('person', 40)], triggers: [trigger(12, 'motion'), trigger(30)] };
	expect(marksOf(track).map(({ kind, start }) => `${kind} ${start}`)).toEqual(['motion 10', 'asked 30', 'person 40']);
});

test('shapes keep apart, bars say how long, trouble lies on top', () => {
	const shapes = shapesOf([mark('tampering', 100), mark('motion', 100, 150), mark('motion', 104, 120), mark('motion', 300), mark('person', 2000)], view, 1000);
	expect(shapes).toEqual([
		{ family: 'movement', x: 100, length: 50, isBare: false },
		{ family: 'movement', x: 104, length: 16, isBare: true },
		{ family: 'movement', x: 300, length: 0, isBare: false },
		{ family: 'trouble', x: 100, length: 0, isBare: false }
	]);
});

test('what began before the view has no shape, and ends at its edge', () => {
	expect(shapesOf([mark('motion', -50, 2000)], view, 500)).toEqual([{ family: 'movement', x: 0, length: 500, isBare: true }]);
});

test('what goes on at a moment', () => {
	const marks = [mark('motion', 100, 200), mark('person', 260), mark('motion', 190, 210), mark('relay', 900)];
	const check = (at: number, reach: number, expected: string[]) => expect(kindsAt(marks, at, reach)).toEqual(expected);
	check(150, 0, ['motion']);
	check(250, 20, ['person']);
	check(250, 60, ['person', 'motion']);
	check(600, 50, []);
});
