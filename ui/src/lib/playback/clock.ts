/**
 * The one clock of a playback deck: which recorded moment is on screen now. Pure; real time is passed in.
 * Both times are milliseconds: recorded ones since 1970 (UTC), real ones of any monotonic origin.
 */
export class DeckClock {
	#at: number;
	#since: number | undefined;
	#speed = 1;

	constructor(at: number) {
		this.#at = at;
	}

	get isRunning(): boolean {
		return this.#since !== undefined;
	}

	/** The recorded moment at real time `now`. */
	at(now: number): number {
		return this.#since === undefined ? this.#at : this.#at + (now - this.#since) * this.#speed;
	}

	/** Goes on from where it is; negative speeds run backwards. */
	run(now: number, speed: number): void {
		this.#at = this.at(now);
		this.#since = now;
		this.#speed = speed;
	}

	hold(now: number): void {
		this.#at = this.at(now);
		this.#since = undefined;
	}

	/** Runs since a moment that somebody else's clock tells. */
	follow(at: number, since: number, speed: number): void {
		this.#at = at;
		this.#since = since;
		this.#speed = speed;
	}

	/** Stands at another moment, running on from there if it ran. */
	jump(at: number, now: number): void {
		this.#at = at;
		if (this.#since !== undefined) this.#since = now;
	}
}

/** What one tile says of itself to the clock. */
export interface Footing {
	/** Something can be shown here, or nothing will ever be. */
	readonly isReady: boolean;
	/** Nothing more comes in this direction. */
	readonly isEnded: boolean;
	/** The furthest recorded moment that has arrived. */
	readonly reach: number | undefined;
	/** Where this tile's next picture is, while it waits in a stretch without recording. */
	readonly waitsUntil: number | undefined;
}

export type Verdict =
	| { kind: 'run' }
	/** Everybody has run dry: time stands at the last picture. */
	| { kind: 'hold'; at: number }
	/** Nobody has a recording here; the next one is there. */
	| { kind: 'skip'; to: number }
	/** Nobody has anything more. */
	| { kind: 'end' };

/** Whether time may go on past `at`, for the tiles of one deck. */
export function judge(at: number, speed: number, tiles: readonly Footing[]): Verdict {
	const direction = speed < 0 ? -1 : 1;
	const further = (a: number, b: number) => (a - b) * direction > 0;
	const waits = tiles.flatMap((tile) => tile.waitsUntil ?? []).sort((a, b) => (a - b) * direction);
	const idle = tiles.filter((tile) => tile.isEnded || tile.waitsUntil !== undefined);
	if (tiles.length > 0 && idle.length === tiles.length) return waits[0] === undefined ? { kind: 'end' } : { kind: 'skip', to: waits[0] };
	const reaches = tiles.flatMap((tile) => (tile.isEnded ? [] : (tile.reach ?? [])));
	const furthest = reaches.reduce<number | undefined>((best, one) => (best === undefined || further(one, best) ? one : best), undefined);
	return furthest !== undefined && further(at, furthest) ? { kind: 'hold', at: furthest } : { kind: 'run' };
}
