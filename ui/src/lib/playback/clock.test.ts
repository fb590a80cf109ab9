import { expect, test } from 'vitest';
import { DeckClock, judge, type Footing, type Verdict } from './clock';

test('the clock runs, holds and jumps', () => {
	const clock = new DeckClock(1000);
	expect(clock.at(50)).toBe(1000);
	clock.run(100, 2);
	expect(clock.at(150)).toBe(1100);
	clock.run(150, -1);
	expect(clock.at(250)).toBe(1000);
	clock.jump(5000, 250);
	expect(clock.at(350)).toBe(4900);
	clock.follow(4000, 300, -1);
	expect(clock.at(350)).toBe(3950);
	clock.follow(4950, 300, -1);
	clock.hold(350);
	expect(clock.at(9999)).toBe(4900);
	expect(clock.isRunning).toBe(false);
});

const playing = (reach: number): Footing => ({ isReady: true, isEnded: false, reach, waitsUntil: undefined });
const waiting = (waitsUntil: number): Footing => ({ isReady: true, isEnded: false, reach: waitsUntil, waitsUntil });
const ended: Footing = { isReady: true, isEnded: true, reach: 40, waitsUntil: undefined };

test.each<[string, number, number, Footing[], Verdict]>([
	['pictures ahead', 100, 1, [playing(500)], { kind: 'run' }],
	['one of two is late', 100, 1, [playing(90), playing(500)], { kind: 'run' }],
	['all have run dry', 100, 1, [playing(90), playing(95)], { kind: 'hold', at: 95 }],
	['all have run dry backwards', 100, -1, [playing(110), playing(105)], { kind: 'hold', at: 105 }],
	['one waits, one plays', 100, 1, [waiting(9000), playing(500)], { kind: 'run' }],
	['all wait', 100, 1, [waiting(9000), waiting(7000)], { kind: 'skip', to: 7000 }],
	['all wait backwards', 10_000, -1, [waiting(9000), waiting(7000)], { kind: 'skip', to: 9000 }],
	['one waits, one has ended', 100, 1, [waiting(9000), ended], { kind: 'skip', to: 9000 }],
	['all have ended', 100, 1, [ended, ended], { kind: 'end' }],
	['nothing has come yet', 100, 1, [{ ...playing(0), reach: undefined }], { kind: 'run' }],
	['no tile', 100, 1, [], { kind: 'run' }]
])('%s', (_name, at, speed, tiles, expected) => {
	expect(judge(at, speed, tiles)).toEqual(expected);
});
