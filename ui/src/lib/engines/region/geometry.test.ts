import { expect, test } from 'vitest';
import { area, arrowOf, clamped, crossesItself, faultOf, inserted, isLine, middleAfter, mostPoints, moved, nearestEdge, pointAt, start, startLine, stepped, without, type Point } from './geometry';

const scale = { width: 1000, height: 500 };
const square: Point[] = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];

test('points are kept in the frame', () => {
	const check = (point: Point, expected: Point) => expect(clamped(point)).toEqual(expected);
	check([0.5, 0.5], [0.5, 0.5]);
	check([-0.1, 1.2], [0, 1]);
	check([0.123456, 1], [0.1235, 1]);
});

test('the nearest point within reach is hit, in pixels of the screen', () => {
	const check = (at: Point, expected: number | undefined) => expect(pointAt(square, at, scale, 12), String(at)).toBe(expected);
	check([0.2, 0.2], 0);
	check([0.21, 0.2], 0);
	// Twelve pixels are more of the height than of the width.
	check([0.213, 0.2], undefined);
	check([0.2, 0.223], 0);
	check([0.5, 0.5], undefined);
	expect(pointAt([[0.5, 0.5], [0.5, 0.5]], [0.5, 0.5], scale, 12)).toBe(1);
	expect(pointAt([], [0.5, 0.5], scale, 12)).toBeUndefined();
});

test('a new point goes onto the nearest edge', () => {
	const check = (at: Point, index: number, point: Point, shape: 'polygon' | 'line' = 'polygon') => {
		const edge = nearestEdge(square, at, scale, shape);
		expect(edge?.index, String(at)).toBe(index);
		expect(edge?.point).toEqual(point);
	};
	check([0.5, 0.19], 1, [0.5, 0.2]);
	check([0.9, 0.5], 2, [0.8, 0.5]);
	check([0.5, 0.85], 3, [0.5, 0.8]);
	// Between the last point and the first.
	check([0.1, 0.5], 4, [0.2, 0.5]);
	// A line has no such edge.
	check([0.1, 0.3], 1, [0.2, 0.2], 'line');
	// Beyond an end the end is nearest.
	check([0.9, 0.1], 1, [0.8, 0.2], 'line');
	expect(nearestEdge([[0.1, 0.1]], [0.5, 0.5], scale, 'polygon')).toBeUndefined();
	// Two points are one edge, and it is not there twice.
	expect(nearestEdge([[0, 0], [1, 0]], [0.5, 0.1], scale, 'polygon')?.index).toBe(1);
	expect(nearestEdge([[0.5, 0.5], [0.5, 0.5]], [0.6, 0.5], scale, 'line')?.distancePx).toBeCloseTo(100);
});

test('points are put in, moved and taken out', () => {
	expect(inserted(square, 1, [0.5, 0.2])).toEqual([square[0], [0.5, 0.2], square[1], square[2], square[3]]);
	expect(inserted(square, 4, [2, 2]).at(-1)).toEqual([1, 1]);
	const full = Array.from({ length: mostPoints }, (): Point => [0, 0]);
	expect(inserted(full, 3, [0.5, 0.5])).toHaveLength(mostPoints);
	expect(moved(square, 2, [1.5, 0.9])[2]).toEqual([1, 0.9]);
	expect(without(square, 0)).toEqual(square.slice(1));
	expect(middleAfter(square, 3)).toEqual([0.2, 0.5]);
	expect(middleAfter([], 0)).toBeUndefined();
});

test('areas and crossings', () => {
	expect(area(square)).toBeCloseTo(0.36);
	expect(area([...square].reverse())).toBeCloseTo(0.36);
	const check = (points: Point[], expected: boolean) => expect(crossesItself(points)).toBe(expected);
	check(square, false);
	check([[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]], true);
	check([[0, 0], [1, 0], [0.5, 1]], false);
	// Hollow, but honest.
	check([[0, 0], [1, 0], [1, 1], [0.5, 0.3], [0, 1]], false);
	check([[0, 0], [1, 0], [1, 1], [0.5, -0.3], [0, 1]], true);
	// Two edges that touch in a point do not cross.
	check([[0, 0], [0.5, 0.5], [1, 0], [1, 1], [0.5, 0.5], [0, 1]], false);
});

test('what a polygon lacks', () => {
	const check = (points: Point[], expected: ReturnType<typeof faultOf>) => expect(faultOf(points)).toBe(expected);
	check([], undefined);
	check([[0, 0]], 'few');
	check([[0, 0], [1, 1]], 'few');
	check([[0, 0], [0.5, 0.5], [1, 1]], 'flat');
	check([[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.7]], 'crossed');
	check(square, undefined);
	check([...start], undefined);
});

test('lines', () => {
	const check = (points: Point[], expected: boolean) => expect(isLine(points)).toBe(expected);
	check([[0, 0]], false);
	check([[0, 0], [0, 0]], false);
	check([[0, 0], [1, 0]], true);
	check([[0, 0], [1, 0], [1, 0]], false);
	check([[0, 0], [1, 0], [0, 0]], true);
	check([...startLine], true);
});

test('the arrow goes from the left of a line to its right', () => {
	const check = (points: Point[], x: number, y: number) => {
		const arrow = arrowOf(points, scale, 50);
		expect(arrow?.to[0]).toBeCloseTo(x);
		expect(arrow?.to[1]).toBeCloseTo(y);
	};
	// Going right, one's right hand is below; fifty pixels are a tenth of the height.
	check([[0.2, 0.5], [0.8, 0.5]], 0.5, 0.6);
	check([[0.8, 0.5], [0.2, 0.5]], 0.5, 0.4);
	// Going down, it is to the left.
	check([[0.5, 0.2], [0.5, 0.8]], 0.45, 0.5);
	expect(arrowOf([[0.5, 0.5], [0.5, 0.5]], scale, 50)).toBeUndefined();
	expect(arrowOf([[0.5, 0.5]], scale, 50)).toBeUndefined();
});

test('arrow keys move by a hundredth and stay in the frame', () => {
	const check = (at: Point, key: string, expected: Point | undefined) => expect(stepped(at, key), key).toEqual(expected);
	check([0.5, 0.5], 'ArrowLeft', [0.49, 0.5]);
	check([0.5, 0.5], 'ArrowRight', [0.51, 0.5]);
	check([0.5, 0.5], 'ArrowUp', [0.5, 0.49]);
	check([0.5, 0.5], 'ArrowDown', [0.5, 0.51]);
	check([0, 0], 'ArrowUp', [0, 0]);
	check([0.995, 0], 'ArrowRight', [1, 0]);
	check([0.5, 0.5], 'Enter', undefined);
});
