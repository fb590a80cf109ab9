import { expect, test } from 'vitest';
import { placeOf, shareOf } from './share';

test('the share of a day', () => {
	expect(shareOf({ from: 0, to: 100, covered_ms: 25 })).toBe(0.25);
	expect(shareOf({ from: 0, to: 100, covered_ms: 140 })).toBe(1);
	expect(shareOf({ from: 5, to: 5, covered_ms: 1 })).toBe(0);
});

test('a stretch stands inside its day', () => {
	expect(placeOf([25, 75], { from: 0, to: 100 })).toEqual({ left: 25, width: 50 });
	expect(placeOf([-50, 10], { from: 0, to: 100 })).toEqual({ left: 0, width: 10 });
	expect(placeOf([90, 200], { from: 0, to: 100 })).toEqual({ left: 90, width: 10 });
});
