/** How a trial stands, as words of the catalogue. Pure. */
import type { AiTrialView } from '$lib/api';

export function isUnderWay({ state }: Pick<AiTrialView, 'state'>): boolean {
	return state === 'queued' || state === 'running';
}

export function trialTone({ state }: Pick<AiTrialView, 'state'>): 'live' | 'warning' | 'alarm' | 'idle' {
	switch (state) {
		case 'running':
			return 'live';
		case 'queued':
			return 'warning';
		case 'failed':
			return 'alarm';
		default:
			return 'idle';
	}
}

/** The word before the colon of what a node says, and what follows it: `node_full: this node runs …`. */
export function reasonWord(reason: string): { word: string; text: string } {
	const [word = '', ...rest] = reason.split(':');
	return { word: word.trim(), text: rest.length > 0 ? rest.join(':').trim() : reason };
}
