import { expect, test } from 'vitest';
import { exportName, isOver, rangeOf, spanOf, tagsOf } from './words';

test('tags are split, trimmed and stand once', () => {
	expect(tagsOf(' car, theft ,car,')).toEqual(['car', 'theft']);
	expect(tagsOf('车，盗窃、车')).toEqual(['车', '盗窃']);
	expect(tagsOf('  ')).toEqual([]);
});

test('an export is named after its cameras and its beginning', () => {
	expect(exportName(['Gate'], '2026-11-26T10:15:30')).toBe('Gate 2026-11-26 10:15');
	expect(exportName(['Gate', 'Yard', 'Hall'], '2026-11-26T10:15:30')).toBe('Gate +2 2026-11-26 10:15');
});

test('a range needs both ends in order', () => {
	expect(rangeOf(1.4, 2.6)).toEqual({ from: 1, to: 3 });
	expect(rangeOf(2, 1)).toBeUndefined();
	expect(rangeOf(undefined, 1)).toBeUndefined();
});

test('which exports are over', () => {
	expect(['queued', 'running', 'done', 'failed', 'cancelled'].map(isOver)).toEqual([false, false, true, true, true]);
});

test('several stretches span from the first to the last', () => {
	expect(spanOf([])).toBeUndefined();
	expect(spanOf([{ from: 5, to: 9 }, { from: 2, to: 3 }])).toEqual({ from: 2, to: 9 });
});
