/**
 * `/ws/web-notify`: what changed on the site. Reconnects with jittered back-off; a gap in the numbers asks for a snapshot;
 * 25 s without a heartbeat count as a dead socket. Knows no component; the stores subscribe.
 */
import type { NotifyServerMessage } from '$lib/api';
import { backoffMs, judge } from './sequence';

const silenceMs = 25_000;

export interface NotifyListener {
	onMessage(message: NotifyServerMessage): void;
	onConnected(connected: boolean): void;
}

export function notifyUrl(): string {
	const url = new URL('/ws/web-notify', location.href);
	url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
	return url.href;
}

export class NotifySocket {
	#socket: WebSocket | null = null;
	#last: number | undefined;
	#attempt = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#watch: ReturnType<typeof setTimeout> | undefined;
	#isClosed = true;

	constructor(
		private readonly url: string,
		private topics: string[],
		private readonly listener: NotifyListener
	) {}

	open(): void {
		if (!this.#isClosed) return;
		this.#isClosed = false;
		this.#connect();
	}

	/** Others from here on, over the same connection. */
	setTopics(topics: string[]): void {
		this.topics = topics;
		this.#send({ type: 'subscribe', topics });
	}

	close(): void {
		this.#isClosed = true;
		clearTimeout(this.#timer);
		this.#drop();
	}

	#connect(): void {
		const socket = new WebSocket(this.url);
		this.#socket = socket;
		this.#last = undefined;
		this.#heard();
		socket.onopen = () => {
			this.#attempt = 0;
			this.#send({ type: 'subscribe', topics: this.topics });
			this.listener.onConnected(true);
		};
		socket.onmessage = (event) => this.#receive(event.data);
		socket.onclose = () => this.#retry();
	}

	#receive(data: unknown): void {
		this.#heard();
		if (typeof data !== 'string') return;
		let message: NotifyServerMessage;
		try {
			message = JSON.parse(data) as NotifyServerMessage;
		} catch {
			return;
		}
		if (typeof message.sequence !== 'number') return;
		const verdict = judge(this.#last, message.sequence, message.type.endsWith('_snapshot'));
		if (verdict === 'drop') return;
		this.#last = message.sequence;
		if (verdict === 'resync') this.#send({ type: 'snapshot' });
		this.listener.onMessage(message);
	}

	#send(message: object): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
	}

	#heard(): void {
		clearTimeout(this.#watch);
		this.#watch = setTimeout(() => this.#retry(), silenceMs);
	}

	#retry(): void {
		this.#drop();
		if (this.#isClosed) return;
		this.listener.onConnected(false);
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#connect(), backoffMs(this.#attempt++, Math.random()));
	}

	#drop(): void {
		clearTimeout(this.#watch);
		const socket = this.#socket;
		this.#socket = null;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
	}
}
