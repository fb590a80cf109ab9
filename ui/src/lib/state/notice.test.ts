import { expect, test } from 'vitest';
import { foremost, noticed, type Going } from './notice';

const event = (kind: string, state: string, source = 'v1') => ({ kind, state, source, rule: '', topic: kind });

test('what goes on begins, ends, and ends by itself', () => {
	let going: Going[] = [];
	const check = (expected: string | undefined) => expect(foremost(going)).toBe(expected);
	going = noticed(going, event('motion', 'on'), 1000);
	check('motion');
	going = noticed(going, event('person', 'pulse'), 1500);
	check('person');
	going = noticed(going, event('motion', 'on', 'v2'), 5000);
	check('motion');
	expect(going).toHaveLength(2);
	going = noticed(going, event('motion', 'off'), 5100);
	check('motion');
	going = noticed(going, event('motion', 'off', 'v2'), 5200);
	check(undefined);
	going = noticed(going, event('digital_input', 'on'), 5300);
	check(undefined);
});

test('the gravest is shown', () => {
	const going = ['motion', 'tampering', 'person'].reduce<Going[]>((all, kind) => noticed(all, event(kind, 'on'), 0), []);
	expect(foremost(going)).toBe('tampering');
});
