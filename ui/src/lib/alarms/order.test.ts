import { expect, test } from 'vitest';
import { everyOpen, isNarrowed, matches, queryOf } from './filter';
import { heard, mayMove, mostHeld, newestFirst, settled, type LiveList } from './order';
import { alarmOf } from './alarm_sample';

const ids = (list: readonly { id: number }[]) => list.map(({ id }) => id);
const shown: LiveList = { shown: [alarmOf(3), alarmOf(2), alarmOf(1)], held: [] };

test('what is new waits, newest first, and what is known changes in its place', () => {
	const list = heard(shown, [alarmOf(4), alarmOf(5), alarmOf(2, { version: 2, state: 'acknowledged' })], everyOpen);
	expect(ids(list.shown)).toEqual([3, 2, 1]);
	expect(list.shown[1]?.state).toBe('acknowledged');
	expect(ids(list.held)).toEqual([5, 4]);
	const next = heard(list, [alarmOf(6), alarmOf(4, { version: 2, state: 'resolved' })], everyOpen);
	expect(ids(next.held), 'one that was resolved meanwhile is not new any more').toEqual([6, 5]);
});

test('an older version changes nothing, and nothing is twice in the list', () => {
	const now: LiveList = { shown: [alarmOf(1, { version: 5, state: 'in_progress' })], held: [alarmOf(2)] };
	const list = heard(now, [alarmOf(1, { version: 4, state: 'new' }), alarmOf(2)], everyOpen);
	expect(list.shown[0]?.state).toBe('in_progress');
	expect(ids(list.held)).toEqual([2]);
});

test('what waits is bounded', () => {
	const many = Array.from({ length: mostHeld + 20 }, (_, index) => alarmOf(100 + index));
	const list = heard(shown, many, everyOpen);
	expect(list.held).toHaveLength(mostHeld);
	expect(list.held[0]?.id).toBe(100 + mostHeld + 19);
});

test('the list moves only when it is let go', () => {
	const list = heard(shown, [alarmOf(4), alarmOf(3, { version: 2, state: 'resolved' })], everyOpen);
	expect(ids(list.shown), 'a resolved one stays under the hand').toEqual([3, 2, 1]);
	const next = settled(list, everyOpen);
	expect(ids(next.shown)).toEqual([4, 2, 1]);
	expect(settled(next, everyOpen), 'nothing to do: the same list').toBe(next);
});

test('when a list may move', () => {
	const check = (hands: Partial<Parameters<typeof mayMove>[0]>, expected: boolean) => expect(mayMove({ scrollTop: 0, hasFocus: false, pointedAt: 0, now: 100_000, ...hands })).toBe(expected);
	check({}, true);
	check({ scrollTop: 40 }, false);
	check({ hasFocus: true }, false);
	check({ pointedAt: 99_000 }, false);
	check({ pointedAt: 96_000 }, true);
});

test('alarms of one moment stand by number', () => {
	expect(ids([alarmOf(1, { last_at: 5 }), alarmOf(2, { last_at: 5 }), alarmOf(3, { last_at: 4 })].sort(newestFirst))).toEqual([2, 1, 3]);
});

test('a filter is the same for the site and for what comes live', () => {
	const alarm = alarmOf(1, { level: 3, source: 'ai', camera_id: 7, last_at: 1000 });
	const check = (change: Partial<typeof everyOpen>, expected: boolean) => expect(matches({ ...everyOpen, ...change }, alarm), JSON.stringify(change)).toBe(expected);
	check({}, true);
	check({ state: 'new' }, true);
	check({ state: 'acknowledged' }, false);
	check({ state: 'all' }, true);
	check({ level: 3 }, true);
	check({ level: 4 }, false);
	check({ source: 'health' }, false);
	check({ camera: 7 }, true);
	check({ camera: 8 }, false);
	check({ from: 1000, to: 1000 }, true);
	check({ from: 1001, to: 2000 }, false);
	expect(queryOf({ ...everyOpen, level: 3, camera: 7, from: 1, to: 2 })).toEqual({ state: 'open', level: 3, source: undefined, camera_id: 7, from: 1, to: 2 });
	expect(queryOf({ ...everyOpen, state: 'all', from: 1 })).toEqual({ state: undefined, level: undefined, source: undefined, camera_id: undefined, from: undefined, to: undefined });
	expect([isNarrowed(everyOpen), isNarrowed({ ...everyOpen, state: 'all' }), isNarrowed({ ...everyOpen, level: 2 })]).toEqual([false, false, true]);
});
