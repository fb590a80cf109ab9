import { expect, test } from 'vitest';
import { allowed } from './acts';
import { alarmOf } from './alarm_sample';
import { countdown, digits } from './countdown';
import { keyOf } from './keys';
import { inUnit, toSeconds, unitOf } from './length';
import { levelOf, titled, worstNew } from './level';

test('a deadline comes near, and passes', () => {
	const alarm = alarmOf(0, { first_at: 0, deadline: 3_600_000 });
	const check = (now: number, expected: unknown) => expect(countdown(alarm, now)).toEqual(expected);
	check(0, { kind: 'left', ms: 3_600_000 });
	check(3_600_000 - 360_000, { kind: 'soon', ms: 360_000 });
	check(3_599_000, { kind: 'soon', ms: 1000 });
	check(3_600_000, { kind: 'over', ms: 0 });
	check(3_700_000, { kind: 'over', ms: 100_000 });
	expect(countdown(alarmOf(0), 5)).toBeUndefined();
	expect(countdown({ ...alarm, state: 'resolved' }, 9e9), 'what is done has none').toBeUndefined();
	expect(countdown({ ...alarm, deadline: null, is_overdue: true }, 5)).toEqual({ kind: 'over', ms: 0 });
});

test('time left is read digit by digit', () => {
	expect([0, 999, 61_000, 245_000, 3_729_000].map(digits)).toEqual(['0:00', '0:01', '1:01', '4:05', '1:02:09']);
});

test('what may be done to an alarm', () => {
	const check = (state: Parameters<typeof allowed>[0]['state'], owner: string | null, expected: string[]) => expect(allowed({ state, owner }, 'li')).toEqual(expected);
	check('new', null, ['acknowledge', 'take', 'resolve']);
	check('acknowledged', 'li', ['take', 'resolve']);
	check('in_progress', 'li', ['resolve']);
	check('in_progress', 'wang', ['take', 'resolve']);
	check('resolved', 'li', ['reopen']);
	check('auto_closed', null, ['reopen']);
});

test('keys belong to the list unless somebody types or presses a button', () => {
	const press = (key: string, where: { isTyping?: boolean; isPressing?: boolean } = {}, change: Partial<Parameters<typeof keyOf>[0]> = {}) =>
		keyOf({ key, ctrlKey: false, altKey: false, metaKey: false, defaultPrevented: false, ...change }, { isTyping: false, isPressing: false, ...where });
	expect(['j', 'K', 'ArrowDown', 'Enter', 'a', 'T', 'r', '/', 'Escape', 'q'].map((key) => press(key))).toEqual(['down', 'up', 'down', 'open', 'acknowledge', 'take', 'resolve', 'filter', 'back', undefined]);
	expect(press('a', { isTyping: true })).toBeUndefined();
	expect(press('Enter', { isPressing: true })).toBeUndefined();
	expect(press('a', { isPressing: true })).toBe('acknowledge');
	expect(press('a', {}, { ctrlKey: true })).toBeUndefined();
});

test('the worst of those that wait, and the title that counts them', () => {
	expect(worstNew([alarmOf(1, { level: 4, state: 'acknowledged' }), alarmOf(2, { level: 3 })])).toBe(3);
	expect(worstNew([])).toBeUndefined();
	expect([0, 2, 9].map(levelOf)).toEqual([1, 2, 4]);
	expect([titled('Wall · Site', 3), titled('(3) Wall · Site', 12), titled('(3) Wall · Site', 0)]).toEqual(['(3) Wall · Site', '(12) Wall · Site', 'Wall · Site']);
});

test('a length keeps its meaning in every unit', () => {
	expect([0, 45, 60, 90, 3600, 5400, 86_400].map(unitOf)).toEqual(['min', 's', 'min', 's', 'h', 'min', 'h']);
	expect([inUnit(90, 's'), inUnit(5400, 'min'), inUnit(5400, 'h')]).toEqual([90, 90, 1.5]);
	expect([toSeconds(1.5, 'h'), toSeconds(10, 'min'), toSeconds(7, 's')]).toEqual([5400, 600, 7]);
});
