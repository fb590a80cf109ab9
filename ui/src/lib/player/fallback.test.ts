import { expect, test } from 'vitest';
import { fall, isOver } from './fallback';

test('the main stream is tried again after a minute, and later each time it fails again', () => {
	const minute = 60_000;
	const check = (falls: number[], expectedMs: number) => {
		const last = falls.reduce<ReturnType<typeof fall> | undefined>((held, at) => fall(held, at), undefined);
		expect(last?.forMs).toBe(expectedMs);
	};
	check([0], minute);
	check([0, 61_000], 2 * minute);
	check([0, 61_000, 182_000], 4 * minute);
	check([0, 10 * minute], minute);
	const many = Array.from({ length: 12 }, (_, index) => (2 ** index - 1) * minute + index);
	check(many.slice(0, 7), 30 * minute);
	expect(isOver({ since: 0, forMs: minute }, minute - 1)).toBe(false);
	expect(isOver({ since: 0, forMs: minute }, minute)).toBe(true);
});
