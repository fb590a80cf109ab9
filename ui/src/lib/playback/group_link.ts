/**
 * A page's place in a playback group: one socket, on which the site tells the group's clock and hears what members ask
 * and can show. Framework-free. A lost connection is opened again by itself; meanwhile nobody is told anything.
 */
import type { GroupClockView, GroupFooting, PlaybackGroupClientMessage, PlaybackGroupServerMessage } from '$lib/api';
import { backoffMs } from '$lib/player/backoff';
import { ServerClock } from '$lib/player/clock';
import { counters } from '$lib/player/counters';
import { isNews } from './group_footing';

/** The site's clock is asked for often at first, and then now and then. */
const FIRST_PINGS_MS = [0, 60, 150, 300, 600];
const PING_MS = 5000;
const SILENCE_MS = 12_000;
/** A better reading of the site's clock that moves ours by less is not worth telling. */
const FINE_MS = 1;

export interface GroupEvents {
	/** Where the group stands; `since` is when, by `performance.now()`. Also when only `since` is known better. */
	onClock(clock: GroupClockView, since: number): void;
	/** Not connected: the page is on its own until the next `onClock`. */
	onLost(): void;
	/** The site refuses for good. */
	onRefused(code: string, params: Record<string, string>): void;
}

export class GroupLink {
	#socket: WebSocket | undefined;
	#attempt = 0;
	#timers = new Set<ReturnType<typeof setTimeout>>();
	#clock = new ServerClock();
	#isClockKnown = false;
	#told: GroupClockView | undefined;
	#toldOffset = 0;
	#heardAt = 0;
	#said: GroupFooting | undefined;
	#saidEpoch = 0;

	constructor(
		private readonly url: string,
		private readonly events: GroupEvents
	) {
		this.#open();
	}

	get isOpen(): boolean {
		return this.#told !== undefined && this.#socket?.readyState === WebSocket.OPEN;
	}

	/** False when nobody hears it. */
	say(command: PlaybackGroupClientMessage): boolean {
		if (!this.isOpen) return false;
		this.#socket?.send(JSON.stringify(command));
		return true;
	}

	/** Tells what can be shown, when that is news. */
	stand(epoch: number, footing: GroupFooting): void {
		if (epoch === this.#saidEpoch && !isNews(this.#said, footing)) return;
		if (!this.say({ type: 'footing', epoch, footing })) return;
		[this.#saidEpoch, this.#said] = [epoch, footing];
	}

	close(): void {
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers.clear();
		const socket = this.#socket;
		this.#socket = undefined;
		this.#told = undefined;
		if (!socket) return;
		counters.sockets -= 1;
		socket.close(1000);
	}

	#open(): void {
		const socket = new WebSocket(this.url);
		counters.sockets += 1;
		this.#socket = socket;
		this.#heardAt = performance.now();
		this.#clock = new ServerClock();
		this.#isClockKnown = false;
		this.#said = undefined;
		socket.onopen = () => {
			for (const wait of FIRST_PINGS_MS) this.#after(wait, () => this.#ping());
			this.#keepAsking();
		};
		socket.onmessage = ({ data }: MessageEvent<unknown>) => {
			if (this.#socket === socket && typeof data === 'string') this.#hear(parseGroupMessage(data));
		};
		socket.onclose = () => {
			if (this.#socket === socket) this.#lost();
		};
	}

	#hear(message: PlaybackGroupServerMessage | undefined): void {
		const now = performance.now();
		this.#heardAt = now;
		if (message?.type === 'pong') {
			this.#clock.add(message.client_at / 1000, now, message.server_at / 1000);
			this.#isClockKnown = true;
			if (this.#told && Math.abs(this.#clock.offsetMs - this.#toldOffset) > FINE_MS) this.#tell();
		} else if (message?.type === 'clock') {
			const isFirst = this.#told === undefined;
			this.#told = message;
			// Before the first answer nobody knows when `since` was.
			if (this.#isClockKnown) this.#tell();
			else if (isFirst) this.#attempt = 0;
		} else if (message?.type === 'error') {
			this.events.onRefused(message.code, message.params);
		}
	}

	#tell(): void {
		if (!this.#told) return;
		this.#toldOffset = this.#clock.offsetMs;
		this.events.onClock(this.#told, this.#told.since / 1000 - this.#toldOffset);
	}

	#ping(): void {
		if (this.#socket?.readyState !== WebSocket.OPEN) return;
		const ping: PlaybackGroupClientMessage = { type: 'ping', client_at: Math.round(performance.now() * 1000) };
		this.#socket.send(JSON.stringify(ping));
	}

	#keepAsking(): void {
		this.#after(PING_MS, () => {
			if (performance.now() - this.#heardAt > SILENCE_MS) return this.#lost();
			this.#ping();
			this.#keepAsking();
		});
	}

	#lost(): void {
		this.close();
		this.events.onLost();
		const wait = backoffMs(this.#attempt, Math.random());
		this.#attempt += 1;
		this.#after(wait, () => this.#open());
	}

	#after(ms: number, act: () => void): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			act();
		}, ms);
		this.#timers.add(timer);
	}
}

const KINDS: ReadonlySet<unknown> = new Set<PlaybackGroupServerMessage['type']>(['clock', 'pong', 'error']);

/** Unknown and malformed messages are ignored: a newer server may say more than we understand. */
export function parseGroupMessage(text: string): PlaybackGroupServerMessage | undefined {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
		return KINDS.has(value.type) ? (value as PlaybackGroupServerMessage) : undefined;
	} catch {
		return undefined;
	}
}
