import { describe, expect, it } from 'vitest';
import { bigStep, labelKind, ticks } from './ticks';

const HOUR = 3_600_000;

describe('ticks', () => {
	it.each([
		[10_000, 1000],
		[60_000, 5000],
		[HOUR, 5 * 60_000],
		[24 * HOUR, 2 * HOUR],
		[30 * 24 * HOUR, 7 * 24 * HOUR]
	])('uses a readable step for %d ms across 1000 px', (length, atLeast) => {
		const step = bigStep({ from: 0, to: length }, 1000, 70);
		expect(step).toBeGreaterThanOrEqual(atLeast / 2.5);
		expect((step / length) * 1000).toBeGreaterThanOrEqual(70);
	});

	it('puts day ticks on local midnight', () => {
		const offset = 8 * HOUR;
		const marks = ticks({ from: 0, to: 10 * 24 * HOUR }, 1000, 70, offset).filter((tick) => tick.big);
		expect(marks.length).toBeGreaterThan(3);
		for (const mark of marks) expect((mark.at + offset) % (24 * HOUR)).toBe(0);
	});

	it('never makes more ticks than pixels', () => {
		expect(ticks({ from: 0, to: 30 * 24 * HOUR }, 1280, 70, 0).length).toBeLessThan(1280 / 4);
	});

	it.each([
		[1000, 'second'],
		[60_000, 'minute'],
		[24 * HOUR, 'day']
	] as const)('labels a step of %d ms by %s', (step, kind) => {
		expect(labelKind(step)).toBe(kind);
	});
});
