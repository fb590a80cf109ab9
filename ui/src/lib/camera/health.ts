/** How a camera's state as a whole reads. Pure. */
import type { CameraView } from '$lib/api';
import type { Tone } from '$lib/cameras/status';

export function healthTone(state: string): Tone {
	if (state === 'online') return 'live';
	if (state === 'no_video') return 'warning';
	return state === 'auth_failed' || state === 'unreachable' ? 'alarm' : 'idle';
}

/** The worst first; cameras that are switched off last. */
export function healthOrder(camera: Pick<CameraView, 'enabled'>, state: string): number {
	if (!camera.enabled) return 9;
	return ['auth_failed', 'unreachable', 'no_video', 'unknown', 'online'].indexOf(state);
}

/** Somebody has to look at it: it is not well, or one of its streams could not be had. */
export function needsAttention(camera: Pick<CameraView, 'enabled' | 'streams'>, health: { state: string; code?: string | null }): boolean {
	if (!camera.enabled) return false;
	return healthTone(health.state) === 'alarm' || health.state === 'no_video' || !!health.code || camera.streams.some((stream) => stream.failure);
}
