import { expect, test } from 'vitest';
import type { RuleAction } from '$lib/api';
import { isDay, untilOf, withDay } from '../arming/days';
import { action, actions, always, begin, moved, ruleFaults, type RuleDraft } from './draft';

const rule = (change: Partial<RuleDraft>): RuleDraft => ({ ...begin(undefined), name: 'Night', ...change });

test('what is wrong with a rule is said by field', () => {
	const check = (change: Partial<RuleDraft>, expected: Record<string, string>) => expect(ruleFaults(rule(change)), JSON.stringify(change)).toEqual(expected);
	check({}, {});
	check({ name: ' ' }, { name: 'missing' });
	check({ then: [] }, { then: 'none' });
	check({ then: Array.from({ length: 9 }, () => ({ do: 'record', seconds: 1 }) as RuleAction) }, { then: 'many' });
	check({ then: [{ do: 'suppress' }, { do: 'raise_alarm', level: 4 }] }, { then: 'alone' });
	check({ then: [{ do: 'record', seconds: 3601 }, { do: 'http', url: 'a.test' }, { do: 'preset', preset: '' }] }, { 'then.0': 'seconds', 'then.1': 'url', 'then.2': 'missing' });
	check({ rest_s: 86_401 }, { rest_s: 'rest' });
	check({ when: { ...always, schedule: Array.from({ length: 7 }, () => '-'.repeat(48)) } }, { schedule: 'never' });
});

test('every action begins with what is usual, and an edited rule is no longer the one on screen', () => {
	expect(actions.map((kind) => action(kind).do)).toEqual([...actions]);
	const view = { ...rule({}), id: 1, version: 1, when: { ...always, kinds: ['offline'] } };
	begin(view).when.kinds.push('frozen');
	expect(view.when.kinds).toEqual(['offline']);
});

test('actions change places inside the list', () => {
	expect([moved([1, 2, 3], 0, 1), moved([1, 2, 3], 0, -1), moved([1, 2, 3], 2, 1), moved([1, 2, 3], 2, -1)]).toEqual([[2, 1, 3], [1, 2, 3], [1, 2, 3], [1, 3, 2]]);
});

test('holidays are days of the calendar, in order and once', () => {
	expect(['2026-12-25', '2026-02-30', '2026-2-3', ''].map(isDay)).toEqual([true, false, false, false]);
	expect(withDay(['2026-12-25'], '2026-01-01')).toEqual(['2026-01-01', '2026-12-25']);
	expect(withDay(['2026-12-25'], '2026-12-25')).toEqual(['2026-12-25']);
	expect(withDay([], '2026-13-01')).toEqual([]);
	expect([untilOf('8', 0), untilOf('ever', 0)]).toEqual([28_800_000, undefined]);
});
