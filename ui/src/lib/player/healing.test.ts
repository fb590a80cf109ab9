import { expect, test } from 'vitest';
import { heal, healthy, type Healing, type Remedy, type Symptoms } from './healing';

const frozen: Symptoms = { now: 10_000, isFlowing: false, isMoving: false, isReceiving: true, isSourceLive: true, frozenMs: 3000, hasShown: true, hasSubStream: true };

function check(held: Healing, change: Partial<Symptoms>, step: Healing['step'], remedy?: Remedy) {
	const got = heal(held, { ...frozen, ...change });
	expect(got.healing.step).toBe(step);
	expect(got.remedy).toBe(remedy);
}

test('steps follow one another', () => {
	check(healthy, { frozenMs: 1500 }, 'none');
	check(healthy, {}, 'nudge', 'nudge');
	check(healthy, { hasShown: false, isReceiving: false }, 'none');
	check(healthy, { hasShown: false, isReceiving: false, frozenMs: 9000 }, 'reopen', 'reopen');
	check(healthy, { isReceiving: false }, 'reopen', 'reopen');
	check({ step: 'nudge', since: 9000 }, {}, 'nudge');
	check({ step: 'nudge', since: 8000 }, {}, 'reopen', 'reopen');
	check({ step: 'reopen', since: 4000 }, {}, 'sub_stream', 'sub_stream');
	check({ step: 'reopen', since: 4000 }, { hasSubStream: false }, 'still', 'still');
	check({ step: 'sub_stream', since: 2000 }, {}, 'still', 'still');
	check({ step: 'still', since: 0 }, {}, 'still');
	check({ step: 'still', since: -21_000 }, {}, 'still', 'try_live');
});

test('pictures that move but are late never become stills', () => {
	check({ step: 'nudge', since: 8000 }, { isMoving: true }, 'reopen', 'reopen');
	check({ step: 'reopen', since: 4000 }, { isMoving: true }, 'sub_stream', 'sub_stream');
	check({ step: 'reopen', since: 4000 }, { isMoving: true, hasSubStream: false }, 'reopen', 'nudge');
	check({ step: 'sub_stream', since: 2000 }, { isMoving: true }, 'sub_stream', 'nudge');
});

test('a camera that is away needs no healing here', () => {
	check(healthy, { isSourceLive: false }, 'none');
	check({ step: 'nudge', since: 0 }, { isSourceLive: false }, 'nudge');
});

test('health returns after five good seconds, not before', () => {
	const held: Healing = { step: 'reopen', since: 0 };
	const once = heal(held, { ...frozen, isFlowing: true }).healing;
	expect(once).toEqual({ step: 'reopen', since: 0, wellSince: 10_000 });
	expect(heal(once, { ...frozen, now: 14_000, isFlowing: true }).healing.step).toBe('reopen');
	expect(heal(once, { ...frozen, now: 15_000, isFlowing: true }).healing).toEqual(healthy);
	expect(heal(once, { ...frozen, now: 12_000 }).healing.wellSince).toBeUndefined();
});
