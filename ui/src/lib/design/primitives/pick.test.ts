import { expect, test } from 'vitest';
import { named, narrowed, type PickOption } from './pick';

const options: PickOption[] = [
	{ value: '1', label: 'Back gate', hint: 'Yard' },
	{ value: '2', label: 'Gate 2' },
	{ value: '3', label: '大门', hint: '一号楼' },
	{ value: '4', label: 'Yard' }
];

test('what was typed narrows by all its words, and what begins with it comes first', () => {
	const check = (typed: string, expected: string[]) => expect(narrowed(options, typed, 10).shown.map(({ value }) => value), typed).toEqual(expected);
	check('', ['1', '2', '3', '4']);
	check('gate', ['2', '1']);
	check(' YARD ', ['4', '1']);
	check('yard gate', ['1']);
	check('门', ['3']);
	check('一号', ['3']);
	check('roof', []);
	expect(narrowed(options, '', 3)).toMatchObject({ more: 1 });
});

test('only its whole name names one', () => {
	expect([named(options, ' gate 2')?.value, named(options, 'gate'), named(options, '')]).toEqual(['2', undefined, undefined]);
});
