import { expect, test } from 'vitest';
import type { GroupFooting } from '$lib/api';
import type { Footing } from './clock';
import { groupFooting, isNews } from './group_footing';

const playing = (reach: number): Footing => ({ isReady: true, isEnded: false, reach, waitsUntil: undefined });
const waiting = (waitsUntil: number): Footing => ({ isReady: true, isEnded: false, reach: waitsUntil, waitsUntil });
const nothing: Footing = { isReady: false, isEnded: false, reach: undefined, waitsUntil: undefined };
const edge: Footing = { ...nothing, isReady: true };
const ended: Footing = { isReady: true, isEnded: true, reach: 40, waitsUntil: undefined };

test.each<[string, number, GroupFooting['kind'], Footing[], GroupFooting]>([
	['no camera', 1, 'ready', [], { kind: 'ended' }],
	['one has nothing yet', 1, 'ready', [playing(2000), nothing], { kind: 'preparing' }],
	['pictures ahead', 1, 'ready', [playing(1500), playing(900)], { kind: 'ready' }],
	['a little late', 1, 'ready', [playing(800)], { kind: 'ready' }],
	['all have run dry', 1, 'ready', [playing(700), playing(740)], { kind: 'dry', reach: 740 }],
	['all have run dry backwards', -1, 'ready', [playing(1300), playing(1260)], { kind: 'dry', reach: 1260 }],
	['filling up', 1, 'dry', [playing(1300)], { kind: 'dry', reach: 1300 }],
	['filled up', 1, 'dry', [playing(1500)], { kind: 'ready' }],
	['at the edge', 1, 'ready', [edge], { kind: 'dry', reach: 1000 }],
	['one waits, one plays', 1, 'ready', [waiting(9000), playing(1500)], { kind: 'ready' }],
	['all wait', 1, 'ready', [waiting(9000), waiting(7000.4), ended], { kind: 'apart', next: 7000 }],
	['all wait backwards', -1, 'ready', [waiting(500), waiting(700)], { kind: 'apart', next: 700 }],
	['all have ended', 1, 'ready', [ended, ended], { kind: 'ended' }]
])('%s', (_name, speed, before, tiles, expected) => {
	expect(groupFooting({ at: 1000, speed, before }, tiles)).toEqual(expected);
});

test('only news is told', () => {
	const check = (before: GroupFooting | undefined, now: GroupFooting, expected: boolean) => expect(isNews(before, now)).toBe(expected);
	check(undefined, { kind: 'preparing' }, true);
	check({ kind: 'ready' }, { kind: 'ready' }, false);
	check({ kind: 'ready' }, { kind: 'dry', reach: 1 }, true);
	check({ kind: 'dry', reach: 1 }, { kind: 'dry', reach: 30 }, false);
	check({ kind: 'dry', reach: 1 }, { kind: 'dry', reach: 41 }, true);
	check({ kind: 'apart', next: 1 }, { kind: 'apart', next: 2 }, true);
});
