import { expect, test } from 'vitest';
import { pictureBox, pointIn, speedOf, speedOfKeys } from './ptz_aim';

test('the stick rests in the middle, is fine near it and ends at full speed', () => {
	expect(speedOf(0.05, -0.05)).toEqual({ pan: 0, tilt: 0, zoom: 0 });
	expect(speedOf(1, 0)).toEqual({ pan: 1, tilt: 0, zoom: 0 });
	expect(speedOf(0, 1)).toEqual({ pan: 0, tilt: -1, zoom: 0 });
	expect(speedOf(-3, -3)).toEqual({ pan: -1, tilt: 1, zoom: 0 });
	expect(speedOf(0.5, 0).pan).toBeLessThan(0.5);
	expect(speedOf(0.13, 0).pan).toBe(0.05);
});

test('keys', () => {
	const check = (keys: string[], isFast: boolean, expected: [number, number, number]) => {
		const { pan, tilt, zoom } = speedOfKeys(new Set(keys), isFast);
		expect([pan, tilt, zoom]).toEqual(expected);
	};
	check(['ArrowRight'], false, [0.5, 0, 0]);
	check(['ArrowLeft', 'ArrowUp'], true, [-1, 1, 0]);
	check(['ArrowLeft', 'ArrowRight'], false, [0, 0, 0]);
	check(['+'], false, [0, 0, 0.5]);
	check(['-'], false, [0, 0, -0.5]);
	check([], false, [0, 0, 0]);
});

test('a click beside the picture is none', () => {
	const box = pictureBox({ width: 400, height: 300 }, { width: 1920, height: 1080 }, 0.5);
	expect(box).toEqual({ left: 0, top: 37.5, width: 400, height: 225 });
	expect(pointIn(box, 200, 150)).toEqual({ x: 0.5, y: 0.5 });
	expect(pointIn(box, 200, 10)).toBeUndefined();
	expect(pictureBox({ width: 400, height: 300 }, { width: 1920, height: 1080 }, 1).top).toBe(75);
});
