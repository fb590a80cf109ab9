import { expect, test } from 'vitest';
import { asGroupName, groupAddress, newGroupName } from './group_name';

test('names are made of letters that are not mistaken for others', () => {
	let seed = 0;
	const names = Array.from({ length: 50 }, () => newGroupName(() => (seed = (seed + 0.37) % 1)));
	for (const name of names) expect(name).toMatch(/^[a-z2-9]{6}$/);
	expect(names.join('')).not.toMatch(/[ilo01]/);
	expect(newGroupName(() => 0.9999)).toBe('999999');
});

test.each([
	['hall-2', 'hall-2'],
	['  hall_B ', 'hall_B'],
	['', undefined],
	[null, undefined],
	['a b', undefined],
	['ä', undefined],
	['a'.repeat(65), undefined]
])('%s', (text, expected) => expect(asGroupName(text)).toBe(expected));

test('an address opens the page with the same recordings', () => {
	const page = new URL('https://site.example/playback?at=5&group=old#x');
	expect(groupAddress(page, 'hall', ['a_main', 'b_sub'])).toBe('https://site.example/playback?group=hall&path=a_main%2Cb_sub');
	expect(groupAddress(page, 'hall', [])).toBe('https://site.example/playback?group=hall');
});
