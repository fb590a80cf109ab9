import { expect, test } from 'vitest';
import { askHeight } from './height';

test('heights are asked in steps, with slack before leaving one', () => {
	const check = (held: number | undefined, pixels: number, expected: number) => expect(askHeight(held, pixels)).toBe(expected);
	check(undefined, 200, 360);
	check(undefined, 361, 540);
	check(undefined, 5000, 2160);
	check(360, 400, 360);
	check(360, 430, 540);
	check(540, 350, 540);
	check(540, 300, 360);
	check(1080, 1080, 1080);
});
