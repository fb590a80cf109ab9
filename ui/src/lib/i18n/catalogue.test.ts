import { expect, test } from 'vitest';
import en from '../../../../assets/i18n/en.json';
import zh from '../../../../assets/i18n/zh-CN.json';
import { fill, places } from './fill';

const english: Record<string, string> = en;
const chinese: Record<string, string> = zh;

test('both languages have the same keys', () => {
	const check = (one: Record<string, string>, other: Record<string, string>) => Object.keys(one).filter((key) => !(key in other));
	expect(check(english, chinese), 'missing in zh-CN').toEqual([]);
	expect(check(chinese, english), 'missing in en').toEqual([]);
});

test('both languages have the same places', () => {
	const different = Object.keys(english).filter((key) => String(places(english[key] ?? '')) !== String(places(chinese[key] ?? '')));
	expect(different).toEqual([]);
});

test('no sentence is empty', () => {
	const empty = [english, chinese].flatMap((words) => Object.entries(words).filter(([, text]) => text.trim() === ''));
	expect(empty).toEqual([]);
});

test('places are filled and unknown ones stay visible', () => {
	const check = (text: string, params: Record<string, string | number>, expected: string) => expect(fill(text, params)).toBe(expected);
	check('{name} is {age} s old', { name: 'Gate', age: 3 }, 'Gate is 3 s old');
	check('{name}', {}, '{name}');
	check('plain', { name: 'x' }, 'plain');
});
