/** When alarms are heard, and how. Pure. */
import type { AlarmPolicyView, AlarmView } from '$lib/api';
import { levelOf, type Level } from '../level';

/** What plays: one tone for now, and again every so often while it lasts. */
export interface SoundPlan {
	level: Level;
	/** Undefined: once. */
	everyMs: number | undefined;
}

/** Grave alarms are repeated until somebody acknowledges them; critical ones more often. */
const repeatMs: Partial<Record<Level, number>> = { 3: 8000, 4: 4000 };
/** While nobody said otherwise, the grave ones are heard. */
const usual: readonly Level[] = [3, 4];

export function isHeard(level: Level, policy: AlarmPolicyView | undefined): boolean {
	return policy?.levels.find((one) => one.level === level)?.sound ?? usual.includes(level);
}

/** What goes on sounding while these alarms stand as they do; undefined: silence. */
export function lasting(alarms: readonly Pick<AlarmView, 'state' | 'level'>[], policy: AlarmPolicyView | undefined): SoundPlan | undefined {
	const heard = alarms.filter(({ state }) => state === 'new').map(({ level }) => levelOf(level)).filter((level) => repeatMs[level] !== undefined && isHeard(level, policy));
	if (heard.length === 0) return undefined;
	const level = Math.max(...heard) as Level;
	return { level, everyMs: repeatMs[level] };
}

/** The tone for what just came: the worst of what is heard at all. `before` says how alarms stood that are known already. */
export function arrival(changed: readonly AlarmView[], before: ReadonlyMap<number, AlarmView>, policy: AlarmPolicyView | undefined): Level | undefined {
	const rising = changed.filter((alarm) => {
		if (alarm.state !== 'new') return false;
		const old = before.get(alarm.id);
		return !old || old.state !== 'new' || old.level < alarm.level;
	});
	const heard = rising.map(({ level }) => levelOf(level)).filter((level) => isHeard(level, policy));
	return heard.length > 0 ? (Math.max(...heard) as Level) : undefined;
}

/** Minutes that the sound can be switched off for. */
export const muteMinutes = [5, 15, 60] as const;

export function isMuted(until: number | undefined, now: number): boolean {
	return until !== undefined && until > now;
}
