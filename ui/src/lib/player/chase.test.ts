import { expect, test } from 'vitest';
import { chase, type Chase } from './chase';

const frameS = 1 / 15;

function check(gapFrames: number, rate: number, hasPresentedSinceSeek: boolean, expected: Chase) {
	const got = chase({ gapS: gapFrames * frameS, frameS, rate, hasPresentedSinceSeek });
	expect(got.kind).toBe(expected.kind);
	if (got.kind === 'rate' && expected.kind === 'rate') expect(got.rate).toBeCloseTo(expected.rate, 5);
	if (got.kind === 'seek' && expected.kind === 'seek') expect(got.behindS).toBeCloseTo(expected.behindS, 5);
}

test('in the band the rate is one', () => {
	for (const gap of [1.6, 2, 3, 3.9]) check(gap, 1, true, { kind: 'rate', rate: 1 });
});

test('behind: faster, up to ten per cent, until the middle of the band', () => {
	check(4.5, 1, true, { kind: 'rate', rate: 1.04 });
	check(3.2, 1.05, true, { kind: 'rate', rate: 1.02 });
	check(2.9, 1.05, true, { kind: 'rate', rate: 1 });
	check(14, 1, true, { kind: 'rate', rate: 1.1 });
});

test('nearly dry: slower, until two and a half frames are there', () => {
	check(1.2, 1, true, { kind: 'rate', rate: 0.95 });
	check(2.2, 0.95, true, { kind: 'rate', rate: 0.95 });
	check(2.6, 0.95, true, { kind: 'rate', rate: 1 });
});

test('a seek needs more than a second and a picture since the last one', () => {
	check(16, 1, true, { kind: 'seek', behindS: 0.2 });
	check(16, 1, false, { kind: 'rate', rate: 1.1 });
	check(14.9, 1, true, { kind: 'rate', rate: 1.1 });
});

test('from any start the gap settles in the band without running dry', () => {
	for (const start of [0.5, 2, 6, 14]) {
		let gapS = start * frameS;
		let rate = 1;
		let least = Infinity;
		for (let step = 0; step < 400; step++) {
			const next = chase({ gapS, frameS, rate, hasPresentedSinceSeek: true });
			if (next.kind === 'seek') gapS = next.behindS;
			else rate = next.rate;
			gapS += 0.25 * (1 - rate);
			if (step > 40) least = Math.min(least, gapS);
		}
		expect(gapS / frameS).toBeLessThan(4.1);
		expect(least / frameS).toBeGreaterThan(1.4);
	}
});
