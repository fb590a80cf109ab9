/** What a tile says of itself. Pure. */
import type { Step } from './healing';
import type { PlayerState } from './state';

export interface Trouble {
	code: string;
	params: Record<string, string>;
	retryAt?: number;
}

export interface Seen {
	/** Held, hidden, or not yet back from that. */
	isPaused: boolean;
	isReplay: boolean;
	/** What shows is the newest there is. */
	isSettled: boolean;
	/** Of the picture on screen; undefined: there was none yet. */
	ageMs: number | undefined;
	staleAfterMs: number;
	step: Step;
	/** Of the stream, as the site tells it. */
	phase: string;
	trouble: Trouble | undefined;
	before: PlayerState;
	/** On this computer's clock. */
	now: number;
}

export function judge({ isPaused, isReplay, isSettled, ageMs, staleAfterMs, step, phase, trouble, before, now }: Seen): PlayerState {
	if (isPaused) return { kind: 'paused' };
	if (isReplay && ageMs !== undefined && isSettled) return { kind: 'replaying', ageMs };
	if (ageMs !== undefined && ageMs <= staleAfterMs) return { kind: 'playing', ageMs, step };
	if (trouble && (phase === 'needs_attention' || phase === 'disabled')) return { kind: 'failed', ...trouble };
	if (trouble && phase === 'waiting') return { kind: 'waiting', ...trouble };
	if (ageMs === undefined) return { kind: 'connecting' };
	return { kind: 'stale', since: before.kind === 'stale' ? before.since : now, ageMs, step };
}
