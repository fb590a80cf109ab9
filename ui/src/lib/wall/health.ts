/** How a camera stands, from its streams. Pure. */
import type { StreamStatus } from '$lib/api';

export type Health = 'live' | 'idle' | 'connecting' | 'warning' | 'alarm' | 'disabled';

/** The worst that a person should know about wins, except that one live stream makes "no picture" untrue. */
export function healthOf(statuses: readonly (StreamStatus | undefined)[]): Health {
	const phases = statuses.flatMap((status) => (status ? [status.phase] : []));
	if (phases.includes('needs_attention')) return 'alarm';
	if (phases.includes('live')) return 'live';
	if (phases.includes('waiting') || phases.includes('stalled')) return 'warning';
	if (phases.includes('connecting')) return 'connecting';
	return phases.length > 0 && phases.every((phase) => phase === 'disabled') ? 'disabled' : 'idle';
}

/** Somebody may want to do something about it. */
export function isTrouble(health: Health): boolean {
	return health === 'warning' || health === 'alarm';
}

export function recordingOf(statuses: readonly (StreamStatus | undefined)[]): 'recording' | 'not_recording' | 'off' {
	const states = statuses.flatMap((status) => (status ? [status.recording] : []));
	if (states.includes('not_recording')) return 'not_recording';
	return states.includes('recording') ? 'recording' : 'off';
}
