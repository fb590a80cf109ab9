/**
 * One live socket: connects, keeps the site's clock, hands frames on in order, reconnects with jittered back-off.
 * It decides nothing about pictures. Ten seconds without an answer to a ping count as a dead connection; a page that
 * slept in between, as hidden ones do, asks again before it judges.
 */
import { backoffMs } from './backoff';
import { wallNow, type ServerClock } from './clock';
import { counters } from './counters';
import { parseFrame, type Frame } from './framing';
import { parseMessage, type LiveClientMessage, type LiveHello } from './messages';
import { isLasting } from './state';

export interface ConnectionEvents {
	onHello(hello: LiveHello): void;
	onFrame(frame: Frame): void;
	onStatus(phase: string, code: string | undefined, retryAt: number | undefined): void;
	/** The socket is gone; the next attempt starts at `retryAt` (our clock). */
	onDown(code: string, params: Record<string, string>, retryAt: number): void;
}

const pingMs = 5000;
const firstPingsMs = [50, 400, 1200];
const silenceMs = 10_000;
/** A timer this late means that the page slept, not the site. */
const lateMs = 2000;
const openMs = 8000;
/** For refusals that time alone does not cure. */
const lastingRetryMs = 30_000;
const steadyMs = 10_000;

export class LiveConnection {
	#socket: WebSocket | null = null;
	#timers = new Set<ReturnType<typeof setTimeout>>();
	#attempt = 0;
	#openedAt = 0;
	/** When the first ping was sent that nothing has been heard after. */
	#askedAt: number | undefined;
	#refusal: { code: string; params: Record<string, string> } | undefined;
	#isClosed = false;
	/** Since the socket opened. */
	bytes = 0;
	lostMessages = 0;
	reconnects = 0;
	#sequence: number | undefined;
	#mayHaveHoles = false;

	constructor(
		private readonly url: () => string,
		private readonly clock: ServerClock,
		private readonly events: ConnectionEvents
	) {
		this.#connect();
	}

	get isOpen(): boolean {
		return this.#socket?.readyState === WebSocket.OPEN;
	}

	send(message: LiveClientMessage): void {
		if (message.type === 'resume' || message.type === 'select') this.#sequence = undefined;
		if (this.isOpen) this.#socket?.send(JSON.stringify(message));
	}

	/** A new socket now, for healing. */
	reopen(): void {
		this.#drop();
		this.reconnects += 1;
		this.#connect();
	}

	close(): void {
		this.#isClosed = true;
		this.#drop();
	}

	#connect(): void {
		const socket = new WebSocket(this.url());
		socket.binaryType = 'arraybuffer';
		this.#socket = socket;
		this.#refusal = undefined;
		this.#sequence = undefined;
		counters.sockets += 1;
		this.#after(openMs, () => {
			if (socket.readyState === WebSocket.CONNECTING) this.#lost();
		});
		socket.onopen = () => {
			this.#openedAt = performance.now();
			this.#askedAt = undefined;
			for (const delay of firstPingsMs) this.#after(delay, () => this.#ping());
			this.#pulseLater();
		};
		socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#receive(event.data);
		socket.onclose = () => this.#lost();
	}

	#receive(data: string | ArrayBuffer): void {
		this.#askedAt = undefined;
		if (typeof data === 'string') return this.#message(data);
		this.bytes += data.byteLength;
		const frame = parseFrame(data);
		if (!frame) return;
		if (frame.kind !== 'init') this.#count(frame.sequence);
		this.events.onFrame(frame);
	}

	/** Numbers are those of the stream: sound that was not asked for is missing on purpose. */
	#count(sequence: number): void {
		const last = this.#sequence;
		this.#sequence = sequence;
		if (last !== undefined && !this.#mayHaveHoles && sequence > last + 1) this.lostMessages += sequence - last - 1;
	}

	#message(text: string): void {
		const message = parseMessage(text);
		switch (message?.type) {
			case 'hello':
				this.clock.guess(wallNow(), message.server_at / 1000);
				this.#mayHaveHoles = message.has_audio;
				this.#sequence = undefined;
				this.events.onHello(message);
				break;
			case 'pong':
				this.clock.add(message.client_at / 1000, wallNow(), message.server_at / 1000);
				break;
			case 'status':
				this.events.onStatus(message.phase, message.code ?? undefined, message.retry_at ? message.retry_at - this.clock.offsetMs : undefined);
				break;
			case 'error':
				this.#refusal = { code: message.code, params: message.params ?? {} };
				break;
		}
	}

	#ping(): void {
		this.#askedAt ??= performance.now();
		this.send({ type: 'ping', client_at: Math.round(wallNow() * 1000) });
	}

	#pulseLater(): void {
		const due = performance.now() + pingMs;
		this.#after(pingMs, () => {
			const now = performance.now();
			if (now - due > lateMs) this.#askedAt = undefined;
			if (this.#askedAt !== undefined && now - this.#askedAt >= silenceMs) return this.#lost();
			this.#ping();
			this.#pulseLater();
		});
	}

	#lost(): void {
		const refusal = this.#refusal;
		const wasSteady = this.#openedAt > 0 && performance.now() - this.#openedAt > steadyMs;
		this.#drop();
		if (this.#isClosed) return;
		if (wasSteady) this.#attempt = 0;
		const delay = refusal && isLasting(refusal.code) ? lastingRetryMs : backoffMs(this.#attempt++, Math.random());
		this.#after(delay, () => {
			this.reconnects += 1;
			this.#connect();
		});
		this.events.onDown(refusal?.code ?? 'site_unreachable', refusal?.params ?? {}, Date.now() + delay);
	}

	#drop(): void {
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers.clear();
		this.#openedAt = 0;
		const socket = this.#socket;
		this.#socket = null;
		if (!socket) return;
		counters.sockets -= 1;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
	}

	#after(ms: number, act: () => void): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			act();
		}, ms);
		this.#timers.add(timer);
	}
}
