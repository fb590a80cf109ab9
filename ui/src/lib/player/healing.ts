/**
 * What to do about a picture that does not move. Pure; asked several times a second for as long as a tile lives.
 *
 * Steps, each given time to work before the next: nudge the decoder, open a new connection, take the sub-stream,
 * show still pictures (and look for live video again every half minute). While the site says that the camera itself
 * is away there is nothing to heal here. Pictures that move but are late come from a machine or a network that cannot
 * keep up: stills would only move that work to the site, so there the last step before them is repeated.
 */
export type Step = 'none' | 'nudge' | 'reopen' | 'sub_stream' | 'still';

export interface Healing {
	step: Step;
	/** When this step began. */
	since: number;
	/** When pictures began to flow again; undefined while they do not. */
	wellSince?: number;
}

export interface Symptoms {
	now: number;
	/** Live pictures are being presented and young; stills do not count. */
	isFlowing: boolean;
	/** Live pictures are being presented, young or old. */
	isMoving: boolean;
	/** Coded frames arrive, whether or not they are presented. */
	isReceiving: boolean;
	/** The connection stands and the site says the stream is live. */
	isSourceLive: boolean;
	/** How long no young picture has been presented, ms. */
	frozenMs: number;
	/** A picture has been shown at all; a first one is given longer, because a camera may have to be opened for it. */
	hasShown: boolean;
	/** There is a sub-stream that is not already what is shown. */
	hasSubStream: boolean;
}

export type Remedy = 'nudge' | 'reopen' | 'sub_stream' | 'still' | 'try_live';

export const healthy: Healing = { step: 'none', since: 0 };

/** Patience with each step before the next one, ms. */
const patience: Record<Exclude<Step, 'none' | 'still'>, number> = { nudge: 2000, reopen: 6000, sub_stream: 8000 };
const firstNudgeMs = 2000;
const firstPictureMs = 8000;
const wellMs = 5000;
const retryLiveMs = 30_000;

export function heal(held: Healing, seen: Symptoms): { healing: Healing; remedy?: Remedy } {
	if (seen.isFlowing) return { healing: recovering(held, seen.now) };
	const healing: Healing = { ...held, wellSince: undefined };
	if (held.step === 'still') {
		if (seen.now - held.since < retryLiveMs) return { healing };
		return { healing: { step: 'still', since: seen.now }, remedy: 'try_live' };
	}
	if (!seen.isSourceLive) return { healing: held.step === 'none' ? healing : { ...healing, since: seen.now } };
	if (held.step === 'none') {
		if (seen.frozenMs < (seen.hasShown ? firstNudgeMs : firstPictureMs)) return { healing };
		// Without data a nudge of the decoder is pointless.
		const step = seen.isReceiving ? 'nudge' : 'reopen';
		return { healing: { step, since: seen.now }, remedy: step };
	}
	if (seen.now - held.since < patience[held.step]) return { healing };
	const step = next(held.step, seen.hasSubStream);
	if (step === 'still' && seen.isMoving) return { healing: { step: held.step, since: seen.now }, remedy: 'nudge' };
	return { healing: { step, since: seen.now }, remedy: step };
}

function recovering(held: Healing, now: number): Healing {
	if (held.step === 'none') return held;
	const wellSince = held.wellSince ?? now;
	if (now - wellSince < wellMs) return { ...held, wellSince };
	return healthy;
}

function next(step: Exclude<Step, 'none' | 'still'>, hasSubStream: boolean): Exclude<Step, 'none' | 'nudge'> {
	if (step === 'nudge') return 'reopen';
	if (step === 'reopen' && hasSubStream) return 'sub_stream';
	return 'still';
}
