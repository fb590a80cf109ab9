/** A level's policy as a sentence in the language on screen. */
import type { LevelPolicyView } from '$lib/api';
import { format, lookup } from '$lib/i18n';
import { sentence, type Part } from './words';

function spoken({ key, ms, windowMs, count, route }: Part): string {
	const params = { length: format.duration(ms ?? 0), window: format.duration(windowMs ?? 0), count: count ?? 0, route: route ?? '' };
	return lookup(`policy.says.${key}`, params) ?? key;
}

/** "Told after 5 alarms or 10 min, at most once in 1 min. …" */
export function policyText(level: LevelPolicyView): string {
	const parts = sentence(level).map((part) => ({ key: part.key, text: spoken(part) }));
	const joiner = lookup('policy.says.join') ?? ', ';
	const told = parts.filter(({ key }) => isTold(key)).map(({ text }) => text);
	const other = parts.filter(({ key }) => !isTold(key)).map(({ text }) => text);
	const stop = lookup('policy.says.stop') ?? '. ';
	return [told.join(joiner), ...other].map((text) => text + stop).join('').trim();
}

function isTold(key: string): boolean {
	return !['deadline', 'auto_close', 'sound'].includes(key);
}
