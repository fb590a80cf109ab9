/** When alarms are heard, and how. Pure. */
import type { AlarmPolicyView, AlarmView } from '$lib/api';
import { levelOf, type Level } from '../level';
import { isMuted, type Mute } from './mute';

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

/** What this computer does not hear. */
export interface Silence {
	mutes: readonly Mute[];
	/** UTC milliseconds. */
	now: number;
}

/** What goes on sounding while these alarms stand as they do; undefined: silence. */
export function lasting(alarms: readonly Pick<AlarmView, 'state' | 'level' | 'source' | 'camera_id'>[], policy: AlarmPolicyView | undefined, { mutes, now }: Silence): SoundPlan | undefined {
	const heard = alarms.filter((alarm) => alarm.state === 'new' && !isMuted(alarm, mutes, now)).map(({ level }) => levelOf(level)).filter((level) => repeatMs[level] !== undefined && isHeard(level, policy));
	if (heard.length === 0) return undefined;
	const level = Math.max(...heard) as Level;
	return { level, everyMs: repeatMs[level] };
}

/** The tone for what just came: the worst of what is heard at all. `before` says how alarms stood that are known already. */
export function arrival(changed: readonly AlarmView[], before: ReadonlyMap<number, AlarmView>, policy: AlarmPolicyView | undefined, { mutes, now }: Silence): Level | undefined {
	const rising = changed.filter((alarm) => {
		if (alarm.state !== 'new' || isMuted(alarm, mutes, now)) return false;
		const old = before.get(alarm.id);
		return !old || old.state !== 'new' || old.level < alarm.level;
	});
	const heard = rising.map(({ level }) => levelOf(level)).filter((level) => isHeard(level, policy));
	return heard.length > 0 ? (Math.max(...heard) as Level) : undefined;
}
