import { expect, test } from 'vitest';
import { correct, SoundLine } from './sound_line';

test('moments are found through seeks and skipped gaps', () => {
	const line = new SoundLine();
	const check = (at: number, expected: number | undefined) => {
		const found = line.mediaAt(at);
		if (expected === undefined) expect(found).toBeUndefined();
		else expect(found).toBeCloseTo(expected, 6);
	};
	check(0, undefined);
	for (let n = 0; n < 50; n++) line.note(10_000 + n * 20, n * 0.02);
	check(10_000, 0);
	check(10_510, 0.51);
	check(9_999, undefined);
	check(11_500, undefined);
	// A gap of ten seconds was skipped: on the line nothing is missing.
	for (let n = 0; n < 50; n++) line.note(21_000 + n * 20, 1 + n * 0.02);
	check(21_100, 1.1);
	check(15_000, undefined);
	// Back to where it began, later on the line.
	for (let n = 0; n < 10; n++) line.note(10_000 + n * 20, 2 + n * 0.02);
	check(10_100, 2.1);
	check(10_510, 0.51);
	// Clocks that wobble by a few milliseconds make no new stretch.
	line.note(10_203, 2.2);
	check(10_203, 2.203);
	line.clear();
	check(10_100, undefined);
});

test('sound that runs away comes back without being noticed', () => {
	const check = (offS: number, expected: ReturnType<typeof correct>) => expect(correct(offS)).toEqual(expected);
	check(0, { kind: 'rate', rate: 1 });
	check(0.02, { kind: 'rate', rate: 1 });
	check(0.06, { kind: 'rate', rate: 0.98 });
	check(-0.06, { kind: 'rate', rate: 1.02 });
	check(0.2, { kind: 'jump' });
	check(-3, { kind: 'jump' });
});
