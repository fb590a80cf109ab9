import { expect, test } from 'vitest';
import { Meter } from './meter';

test('pictures and kilobits per second', () => {
	const meter = new Meter(0);
	const check = (at: number, pictures: number, bytes: number, expected: [number, number]) => {
		meter.measure(at, pictures, bytes);
		expect([meter.framesPerSecond, meter.kilobitsPerSecond]).toEqual(expected);
	};
	check(1000, 25, 125_000, [25, 1000]);
	check(1200, 90, 900_000, [25, 1000]);
	check(2000, 50, 0, [25, 0]);
});
