import { expect, test } from 'vitest';
import { judge, type Seen } from './judge';

const seen: Seen = { isPaused: false, isReplay: false, isSettled: true, ageMs: 200, staleAfterMs: 2000, step: 'none', phase: 'live', trouble: undefined, before: { kind: 'connecting' }, now: 9000 };
const trouble = { code: 'connect_timeout', params: {} };

test('what a tile says of itself', () => {
	const check = (change: Partial<Seen>, kind: string) => expect(judge({ ...seen, ...change }).kind, JSON.stringify(change)).toBe(kind);
	check({}, 'playing');
	check({ isPaused: true }, 'paused');
	check({ isReplay: true, ageMs: 20_000 }, 'replaying');
	check({ isReplay: true, isSettled: false, ageMs: 20_000 }, 'stale');
	check({ ageMs: undefined }, 'connecting');
	check({ ageMs: 2001 }, 'stale');
	check({ ageMs: 2001, trouble, phase: 'waiting' }, 'waiting');
	check({ ageMs: undefined, trouble, phase: 'needs_attention' }, 'failed');
	check({ ageMs: 100, trouble, phase: 'waiting' }, 'playing');
});

test('a picture is stale since it became so', () => {
	const check = (before: Seen['before'], since: number) => expect(judge({ ...seen, ageMs: 5000, before })).toMatchObject({ kind: 'stale', since });
	check({ kind: 'connecting' }, 9000);
	check({ kind: 'stale', since: 4000, ageMs: 3000, step: 'none' }, 4000);
});
