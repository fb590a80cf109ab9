/** How a stream's status reads: tone and words. Pure. */
import type { StreamStatus } from '$lib/api';

export type Tone = 'live' | 'warning' | 'alarm' | 'idle';

export function toneOf(status: Pick<StreamStatus, 'phase'> | undefined): Tone {
	switch (status?.phase) {
		case 'live':
			return 'live';
		case 'connecting':
		case 'waiting':
		case 'stalled':
			return 'warning';
		case 'needs_attention':
			return 'alarm';
		default:
			return 'idle';
	}
}

export function recordingTone(recording: string | undefined): Tone {
	if (recording === 'recording') return 'live';
	if (recording === 'not_recording') return 'alarm';
	return recording === 'starting' ? 'warning' : 'idle';
}

/** The worst of a camera's streams, for its row. */
export function worst(statuses: readonly (StreamStatus | undefined)[]): StreamStatus | undefined {
	const order: Tone[] = ['alarm', 'warning', 'live', 'idle'];
	const known = statuses.filter((status): status is StreamStatus => status !== undefined);
	return known.sort((a, b) => order.indexOf(toneOf(a)) - order.indexOf(toneOf(b)))[0];
}
