/** A rule as the editor changes it, and what is wrong with it. Pure. */
import type { AlarmRuleView, NewAlarmRule, RuleAction, RuleMatch } from '$lib/api';

export const actions = ['raise_alarm', 'suppress', 'record', 'push', 'show', 'preset', 'relay', 'sound', 'http', 'bookmark'] as const satisfies readonly RuleAction['do'][];
export const ruleSounds = ['alert', 'bell', 'siren'] as const;
export const mostActions = 8;

export const always: RuleMatch = { source: null, kinds: [], camera_ids: [], group_ids: [], level: null, labels: [], schedule: null, arming: [] };

/** What the site may leave out, the editor does not. */
export type RuleDraft = NewAlarmRule & { rest_s: number; enabled: boolean };

export function begin(rule: AlarmRuleView | undefined): RuleDraft {
	if (!rule) return { name: '', when: structuredClone(always), then: [{ do: 'raise_alarm', level: 3 }], rest_s: 0, enabled: true };
	const { name, when, then, rest_s, enabled } = structuredClone(rule);
	return { name, when: { ...structuredClone(always), ...when }, then, rest_s, enabled };
}

/** With what is usual for it. */
export function action(kind: RuleAction['do']): RuleAction {
	switch (kind) {
		case 'raise_alarm':
			return { do: kind, level: 3 };
		case 'suppress':
			return { do: kind };
		case 'record':
			return { do: kind, seconds: 60 };
		case 'push':
			return { do: kind, route: 'default' };
		case 'show':
			return { do: kind, camera_id: null, seconds: 30 };
		case 'preset':
			return { do: kind, camera_id: null, preset: '' };
		case 'relay':
			return { do: kind, camera_id: null, relay: '', on: true };
		case 'sound':
			return { do: kind, sound: 'alert' };
		case 'http':
			return { do: kind, url: 'https://' };
		case 'bookmark':
			return { do: kind, text: '' };
	}
}

export type RuleFault = 'missing' | 'seconds' | 'url' | 'none' | 'many' | 'alone' | 'rest' | 'never';

function faultOf(one: RuleAction): RuleFault | undefined {
	const isMissing = (text: string) => (text.trim() === '' ? 'missing' : undefined);
	switch (one.do) {
		case 'record':
		case 'show':
			return Number.isInteger(one.seconds) && one.seconds >= 1 && one.seconds <= 3600 ? undefined : 'seconds';
		case 'push':
			return isMissing(one.route);
		case 'preset':
			return isMissing(one.preset);
		case 'relay':
			return isMissing(one.relay);
		case 'http':
			return /^https?:\/\/[^\s/]+/i.test(one.url.trim()) ? undefined : 'url';
		case 'bookmark':
			return isMissing(one.text);
		default:
			return undefined;
	}
}

/** By field: `name`, `then`, `then.2`, `rest_s`, `schedule`. */
export function ruleFaults({ name, when, then, rest_s }: RuleDraft): Record<string, RuleFault> {
	const found: Record<string, RuleFault> = {};
	if (name.trim() === '') found.name = 'missing';
	if (then.length === 0) found.then = 'none';
	else if (then.length > mostActions) found.then = 'many';
	// To raise and not to raise at once means nothing.
	else if (then.some((one) => one.do === 'suppress') && then.some((one) => one.do === 'raise_alarm')) found.then = 'alone';
	then.forEach((one, index) => {
		const fault = faultOf(one);
		if (fault) found[`then.${index}`] = fault;
	});
	if (!Number.isInteger(rest_s) || rest_s < 0 || rest_s > 86_400) found.rest_s = 'rest';
	if (when.schedule && !when.schedule.some((day) => day.includes('c'))) found.schedule = 'never';
	return found;
}

/** One step up or down the list; at an end it stays. */
export function moved<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
	const to = index + by;
	const next = [...list];
	const [one, other] = [next[index], next[to]];
	if (one === undefined || other === undefined) return next;
	[next[index], next[to]] = [other, one];
	return next;
}
