import { expect, test } from 'vitest';
import { decodeClock, percentile } from './clock';

/** The other direction, written independently of the decoder. */
function encode(value: number): boolean[] {
	const gray = (value ^ (value >>> 1)) >>> 0;
	let crc = 0;
	for (const shift of [24, 16, 8, 0]) {
		crc ^= (value >>> shift) & 255;
		for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 128 ? 0x107 : 0)) & 0x1ff;
	}
	const text = gray.toString(2).padStart(32, '0') + crc.toString(2).padStart(8, '0');
	return [...text].map((letter) => letter === '1');
}

test('the clock pattern', () => {
	for (const value of [0, 1, 255, 0x12345678, 0x80000000, 0xffffffff, 1_795_000_000 % 2 ** 32]) expect(decodeClock(encode(value))).toBe(value);
	const damaged = encode(12345);
	damaged[3] = !damaged[3];
	expect(decodeClock(damaged)).toBeUndefined();
	expect(decodeClock([])).toBeUndefined();
});

test('percentiles', () => {
	expect(percentile([3, 1, 2], 0.5)).toBe(2);
	expect(percentile([1, 2, 3, 4], 0.95)).toBe(4);
	expect(percentile([], 0.5)).toBeNaN();
});
