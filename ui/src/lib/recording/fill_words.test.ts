import { expect, test } from 'vitest';
import { isOver, isUnderWay, shareOf, toneOf } from './fill_words';

test('a stretch is over when nothing more happens to it', () => {
	expect(['waiting', 'running', 'done', 'empty', 'failed', 'cancelled'].map((state) => isOver({ state }))).toEqual([false, false, true, true, true, true]);
	expect(isUnderWay({ state: 'running' }) && !isUnderWay({ state: 'waiting' })).toBe(true);
	expect(['done', 'failed', 'empty', 'waiting'].map((state) => toneOf({ state }))).toEqual(['live', 'alarm', 'idle', 'warning']);
});

test('what is filled is a share of the stretch', () => {
	const check = (filled_ms: number, expected: number) => expect(shareOf({ from: 1000, to: 3000, filled_ms })).toBe(expected);
	check(0, 0);
	check(500, 0.25);
	check(9000, 1);
	expect(shareOf({ from: 1, to: 1, filled_ms: 5 })).toBe(0);
});
