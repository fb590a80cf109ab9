import { expect, test } from 'vitest';
import { pan, whole, zoomAt, type Zoom } from './zoom';

const check = (got: Zoom, expected: Zoom) => {
	expect(got.scale).toBeCloseTo(expected.scale);
	expect(got.x).toBeCloseTo(expected.x);
	expect(got.y).toBeCloseTo(expected.y);
};

test('zoom and pan', () => {
	check(zoomAt(whole, 2, 0.5, 0.5), { scale: 2, x: -0.5, y: -0.5 });
	check(zoomAt(whole, 2, 0, 0), { scale: 2, x: 0, y: 0 });
	check(zoomAt(whole, 0.5, 0.3, 0.3), whole);
	check(zoomAt(whole, 100, 1, 1), { scale: 10, x: -9, y: -9 });
	check(pan({ scale: 2, x: -0.5, y: -0.5 }, 0.2, -0.2), { scale: 2, x: -0.3, y: -0.7 });
	check(pan({ scale: 2, x: -0.5, y: -0.5 }, 5, -5), { scale: 2, x: 0, y: -1 });
	check(zoomAt({ scale: 2, x: 0, y: -1 }, 0.5, 0.5, 0.5), whole);
});
