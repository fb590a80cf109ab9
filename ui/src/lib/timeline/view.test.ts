import { describe, expect, it } from 'vitest';
import {
	centre,
	follow,
	MAX_SPAN_MS,
	MIN_SPAN_MS,
	nearestRecorded,
	span,
	stretchAt,
	timeAt,
	xAt,
	zoom
} from './view';

const view = { from: 1_000_000, to: 1_100_000 };

describe('view', () => {
	it('maps there and back', () => {
		expect(timeAt(view, 250, 1000)).toBe(1_025_000);
		expect(xAt(view, 1_025_000, 1000)).toBe(250);
	});

	it('keeps the time under the pointer while zooming', () => {
		const closer = zoom(view, 0.5, 1_025_000);
		expect(xAt(closer, 1_025_000, 1000)).toBeCloseTo(250, 6);
		expect(span(closer)).toBe(50_000);
	});

	it('stops at the closest and the widest zoom', () => {
		expect(span(zoom(view, 1e-9, 1_050_000))).toBe(MIN_SPAN_MS);
		expect(span(zoom(view, 1e9, 1_050_000))).toBe(MAX_SPAN_MS);
	});

	it('follows a playhead that leaves and leaves alone one that stays', () => {
		expect(follow(view, 1_050_000)).toBe(view);
		const moved = follow(view, 1_150_000);
		expect(moved.from).toBe(1_140_000);
		expect(span(moved)).toBe(span(view));
	});

	it('centres without changing the zoom', () => {
		expect(centre(view, 500_000)).toEqual({ from: 450_000, to: 550_000 });
	});
});

describe('stretches', () => {
	const stretches = [
		[0, 10],
		[20, 30],
		[40, 50]
	] as const;

	it.each([
		[0, stretches[0]],
		[9, stretches[0]],
		[10, undefined],
		[25, stretches[1]],
		[50, undefined]
	])('finds what is under %d', (time, expected) => {
		expect(stretchAt(stretches, time)).toBe(expected);
	});

	it.each([
		[5, 5],
		[11, 9],
		[18, 20],
		[99, 49]
	])('goes from %d to the nearest recorded moment %d', (time, expected) => {
		expect(nearestRecorded(stretches, time)).toBe(expected);
	});

	it('has nowhere to go without recordings', () => {
		expect(nearestRecorded([], 5)).toBeUndefined();
	});
});
