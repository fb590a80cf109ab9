import { expect, test } from 'vitest';
import { boxOn, isSeen, labelAt, pictureIn, positionOf } from './place';

const whole = { scale: 1, x: 0, y: 0 };

test('a picture lies in its tile as the browser lays it', () => {
	const tile = { width: 400, height: 300 };
	const wide = { width: 1280, height: 720 };
	const check = (actual: ReturnType<typeof pictureIn>, expected: [number, number, number, number]) =>
		expect(actual && [actual.x, actual.y, actual.width, actual.height]).toEqual(expected);
	check(pictureIn(tile, wide, [0.5, 0.5], whole), [0, 37.5, 400, 225]);
	// A small tile leaves the spare room above.
	check(pictureIn(tile, wide, [0.5, 1], whole), [0, 75, 400, 225]);
	check(pictureIn(tile, { width: 100, height: 300 }, [0.5, 1], whole), [150, 0, 100, 300]);
	// Twice as large, and its middle in the middle.
	check(pictureIn(tile, wide, [0.5, 0.5], { scale: 2, x: -0.5, y: -0.5 }), [-200, -75, 800, 450]);
	expect(pictureIn(tile, { width: 0, height: 0 }, [0.5, 0.5], whole)).toBeUndefined();
	expect(pictureIn({ width: 0, height: 0 }, wide, [0.5, 0.5], whole)).toBeUndefined();
});

test('boxes lie on whole pixels', () => {
	const picture = { x: 10.4, y: 20.6, width: 100, height: 50 };
	expect(boxOn(picture, [0.1, 0.2, 0.5, 0.5])).toEqual({ x: 20, y: 31, width: 50, height: 25 });
	// However small, it is there; what is none is not.
	expect(boxOn(picture, [0.5, 0.5, 0.0001, 0.0001])).toMatchObject({ width: 1, height: 1 });
	expect(boxOn(picture, [0.5, 0.5, 0, 0.2])).toBeUndefined();
	expect(boxOn(picture, [0.5, 0.5])).toBeUndefined();
	expect(boxOn(picture, [NaN, 0, 1, 1])).toBeUndefined();
});

test('positions as browsers compute them', () => {
	expect(positionOf('50% 100%')).toEqual([0.5, 1]);
	expect(positionOf('0% 12.5%')).toEqual([0, 0.125]);
	expect(positionOf('10px 5px')).toEqual([0.5, 0.5]);
});

test('labels stay in the tile', () => {
	const tile = { width: 200, height: 100 };
	const label = { width: 50, height: 16 };
	const check = (x: number, y: number, expected: { x: number; y: number }) => expect(labelAt({ x, y, width: 40, height: 40 }, label, tile, 12)).toEqual(expected);
	check(20, 30, { x: 20, y: 14 });
	check(20, 20, { x: 20, y: 20 });
	// Not under the tile's head.
	check(20, 2, { x: 20, y: 12 });
	check(190, 30, { x: 150, y: 14 });
	check(-30, -20, { x: 0, y: 12 });
	check(20, 98, { x: 20, y: 82 });
});

test('what lies beyond the tile is not seen', () => {
	const check = (x: number, y: number, expected: boolean) => expect(isSeen({ x, y, width: 40, height: 40 }, { width: 200, height: 100 })).toBe(expected);
	check(0, 0, true);
	check(-39, 99, true);
	check(-40, 0, false);
	check(200, 0, false);
	check(0, 100, false);
});
