/** Alarms that one computer does not hear for a while: all, or those of a source, of a camera, or of both. Pure. */
import type { AlarmView } from '$lib/api';

export interface Mute {
	/** UTC milliseconds. */
	until: number;
	reason: string;
	/** Absent: any. */
	source?: string;
	camera?: number;
}

/** Minutes that can be chosen. */
export const muteMinutes = [5, 15, 60, 240, 480] as const;
export const mostReasonLetters = 200;
const most = 20;

/** Those that hold. */
export function holding(mutes: readonly Mute[], now: number): Mute[] {
	return mutes.filter(({ until }) => until > now);
}

/** Of everything, whatever it is. */
export function isOfAll({ source, camera }: Mute): boolean {
	return source === undefined && camera === undefined;
}

export function isMuted(alarm: Pick<AlarmView, 'source' | 'camera_id'>, mutes: readonly Mute[], now: number): boolean {
	return holding(mutes, now).some(({ source, camera }) => (source === undefined || source === alarm.source) && (camera === undefined || camera === alarm.camera_id));
}

function isSame(a: Mute, b: Mute): boolean {
	return a.source === b.source && a.camera === b.camera;
}

/** The newest word about the same alarms counts; of all of them, those that end first are forgotten. */
export function withMute(mutes: readonly Mute[], mute: Mute, now: number): Mute[] {
	const others = holding(mutes, now).filter((one) => !isSame(one, mute));
	return [...others, mute].sort((a, b) => a.until - b.until).slice(-most);
}

export function withoutMute(mutes: readonly Mute[], mute: Mute): Mute[] {
	return mutes.filter((one) => !isSame(one, mute));
}

/** As storage has it; what is not ours is left out. */
export function mutesOf(value: unknown): Mute[] {
	if (!Array.isArray(value)) return [];
	const isOurs = (one: unknown): one is Mute => typeof one === 'object' && one !== null && typeof (one as Mute).until === 'number' && typeof (one as Mute).reason === 'string';
	return value.filter(isOurs).slice(-most);
}
