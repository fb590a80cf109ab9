import { describe, expect, it } from 'vitest';
import { parseNotice } from './messages';
import { nextSpeed } from './state';

describe('speeds', () => {
	it.each([
		[1, 1, 2],
		[1, -1, 0.5],
		[16, 1, 16],
		[-16, -1, -16],
		[0.125, -1, -0.125],
		[-0.125, 1, 0.125],
		[-0.5, -1, -1]
	] as const)('from %d in direction %d goes to %d', (current, direction, expected) => {
		expect(nextSpeed(current, direction)).toBe(expected);
	});
});

describe('notices', () => {
	it('reads what it knows', () => {
		expect(parseNotice('{"type":"end","at":5}')).toEqual({ type: 'end', at: 5 });
	});

	it.each(['', '{', 'null', '[]', '{"type":"later"}', '{"at":5}', '"end"'])('ignores %s', (text) => {
		expect(parseNotice(text)).toBeUndefined();
	});
});
