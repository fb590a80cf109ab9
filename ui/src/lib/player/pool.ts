/**
 * Players by camera. A player outlives its tile by a moment, so that a layout change or a visit to another page
 * finds its picture still running; then it is disposed.
 */
import { ServerClock } from './clock';
import { LivePlayer, type PlayerSource } from './player';
import { abilities } from './probe';
import type { WayChoice } from './ways';

const graceMs = 1500;

interface Held {
	player: LivePlayer;
	users: number;
	timer?: ReturnType<typeof setTimeout>;
}

export class PlayerPool {
	readonly clock = new ServerClock();
	#held = new Map<string, Held>();

	/** Resolves when it is known what this browser can decode; at once after the first time. */
	async acquire(key: string, source: PlayerSource, choice: WayChoice, heightPx: number, signal: AbortSignal): Promise<LivePlayer | undefined> {
		const can = await abilities();
		if (signal.aborted) return undefined;
		let held = this.#held.get(key);
		if (!held) {
			held = { player: new LivePlayer(source, { clock: this.clock, can, choice }, heightPx), users: 0 };
			this.#held.set(key, held);
		}
		clearTimeout(held.timer);
		held.users += 1;
		return held.player;
	}

	release(key: string): void {
		const held = this.#held.get(key);
		if (!held) return;
		held.users -= 1;
		if (held.users > 0) return;
		clearTimeout(held.timer);
		held.timer = setTimeout(() => {
			held.player.dispose();
			this.#held.delete(key);
		}, graceMs);
	}

	/** All at once, for a logout or another way of decoding. */
	clear(): void {
		for (const held of this.#held.values()) {
			clearTimeout(held.timer);
			held.player.dispose();
		}
		this.#held.clear();
	}

	/** Told when the setting changes; a new connection hears it from the site itself. */
	setStaleAfter(ms: number): void {
		for (const player of this.all()) player.setStaleAfter(ms);
	}

	all(): LivePlayer[] {
		return [...this.#held.values()].map((held) => held.player);
	}
}

export const pool = new PlayerPool();
