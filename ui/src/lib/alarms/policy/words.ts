/** What a level's policy means, as parts of one sentence; and what is wrong with one. Pure. */
import type { AlarmPolicyView, LevelPolicyView, PushPolicyView } from '$lib/api';

export const modes = ['OFF', 'IMMEDIATE', 'COUNT', 'WINDOW', 'COUNT_OR_WINDOW'] as const;

export interface Part {
	/** Of the catalogue, behind `policy.says.`. */
	key: string;
	/** Milliseconds are said as durations. */
	ms?: number;
	count?: number;
	route?: string;
	/** A second length of the same part. */
	windowMs?: number;
}

export function hasCount(mode: string): boolean {
	return mode === 'COUNT' || mode === 'COUNT_OR_WINDOW';
}

export function hasWindow(mode: string): boolean {
	return mode === 'WINDOW' || mode === 'COUNT_OR_WINDOW';
}

function told({ mode, count, window_s = 0, cooldown_s = 0, route }: PushPolicyView): Part[] {
	if (mode === 'OFF') return [{ key: 'off' }];
	const windowMs = window_s * 1000;
	const first: Part =
		mode === 'IMMEDIATE' ? { key: 'immediate' } : mode === 'COUNT' ? { key: 'count', count } : mode === 'WINDOW' ? { key: 'window', windowMs } : { key: 'count_or_window', count, windowMs };
	return [first, ...(cooldown_s > 0 ? [{ key: 'cooldown', ms: cooldown_s * 1000 }] : []), ...(route && route !== 'default' ? [{ key: 'route', route }] : [])];
}

/** The first says when it is told; the others what else happens. */
export function sentence({ push, deadline_s, auto_close_s, sound }: LevelPolicyView): Part[] {
	return [
		...told(push),
		...(deadline_s > 0 ? [{ key: 'deadline', ms: deadline_s * 1000 }] : []),
		...(auto_close_s > 0 ? [{ key: 'auto_close', ms: auto_close_s * 1000 }] : []),
		...(sound ? [{ key: 'sound' }] : [])
	];
}

/** A field that means nothing now may be empty on screen; the site wants a number. */
export function filled(policy: AlarmPolicyView): AlarmPolicyView {
	const levels = policy.levels.map((level) => ({ ...level, push: { ...level.push, count: level.push.count ?? 0, window_s: level.push.window_s ?? 0, cooldown_s: level.push.cooldown_s ?? 0 } }));
	return { ...policy, levels };
}

export interface Fault {
	/** `levels.2.count`, `repeat_s`. */
	field: string;
	least: number;
	most: number;
}

const year = 365 * 86_400;

/** Everything that the site would refuse, field by field. */
export function faults(policy: AlarmPolicyView): Fault[] {
	const found: Fault[] = [];
	const check = (field: string, value: number | null | undefined, least: number, most: number) => {
		if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) found.push({ field, least, most });
	};
	policy.levels.forEach(({ push, deadline_s, auto_close_s }, index) => {
		if (hasCount(push.mode)) check(`levels.${index}.count`, push.count, 1, 10_000);
		if (hasWindow(push.mode)) check(`levels.${index}.window_s`, push.window_s, 1, 86_400);
		if (push.mode !== 'OFF') check(`levels.${index}.cooldown_s`, push.cooldown_s, 0, 86_400);
		check(`levels.${index}.deadline_s`, deadline_s, 0, year);
		check(`levels.${index}.auto_close_s`, auto_close_s, 0, year);
	});
	check('repeat_s', policy.repeat_s, 1, 86_400);
	check('clip_before_s', policy.clip_before_s, 0, 300);
	check('clip_after_s', policy.clip_after_s, 0, 300);
	check('protect_gb', policy.protect_gb, 0, 1_000_000);
	return found;
}
