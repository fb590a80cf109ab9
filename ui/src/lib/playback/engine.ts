/**
 * One playback tile: a socket, pictures and a canvas. Framework-free; knows a URL and a canvas, nothing else.
 *
 * Its deck owns the clock and calls `tick`; the engine paints what is due, tells how far it has got, and stops the
 * server when that is too far ahead. Every change of position is a new epoch: until the server's `seeked` for it,
 * whatever still arrives belongs to the old one and is dropped. A lost connection is opened again by itself.
 */
import type { PlaybackClientMessage, PlaybackServerMessage } from '$lib/api';
import { backoffMs } from '$lib/player/backoff';
import { counters } from '$lib/player/counters';
import { parseFrame } from '$lib/player/framing';
import type { Footing } from './clock';
import { parseNotice } from './messages';
import { Pictures, type Picture } from './pictures';
import { PlaybackSound } from './sound';
import type { PlaybackState } from './state';

/** Received further ahead of the clock than this, at normal speed, the server is asked to wait; below the other it goes on. */
const FAR_MS = 2500;
const NEAR_MS = 800;
/** Key frames further apart than this have a stretch without recording between them. */
const LONGEST_GROUP_MS = 12_000;
/** While paused a picture this far from the moment asked for belongs to another recording. */
const BESIDE_MS = 2000;

/** The server is asked this often whether it is there, and given up after this much silence. */
const PING_MS = 5000;
const SILENCE_MS = 12_000;
/** Nothing new to paint for this long is told; between key frames more is usual. */
const DRY_MS = 1000;
const DRY_KEYS_MS = 4000;

export interface PlaybackListener {
	/** A new state; called at most once per picture. */
	(state: PlaybackState): void;
}

export class PlaybackEngine {
	#socket: WebSocket | undefined;
	#attempt = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#pinger: ReturnType<typeof setInterval> | undefined;
	/** When the server was heard last, and a picture painted, by `performance.now()`. */
	#heardAt = 0;
	#paintedAt = 0;
	readonly #pictures: Pictures;
	readonly #sound = new PlaybackSound();
	/** The recording that plays has sound, and this user may hear it. */
	hasSound = false;
	/** Hears when the picture on the canvas was taken, right after it was painted. */
	onpaint: (at: number) => void = () => {};
	#speed = 1;
	#isPlaying = false;
	/** The moment wanted while paused, on the clock while playing. */
	#at: number;
	/** Moment of the picture on the canvas, exactly. */
	#painted: number | undefined;
	/** `seek_id` of the newest `seeked`, and the one that the newest command will bring. */
	#seen = 0;
	#expected = 1;
	#isOurs = false;
	/** The server waits because we have enough. */
	#isHeld = false;
	/** The server stands where our picture is, so that it can step from there. */
	#isAligned = false;
	#hasPicture = false;
	#isEnded = false;
	#isAtEdge = false;
	#gap: { from: number; to: number; reason: string } | undefined;

	constructor(
		readonly url: string,
		readonly canvas: HTMLCanvasElement,
		readonly listener: PlaybackListener,
		from: number
	) {
		this.#at = from;
		this.#pictures = new Pictures(
			() => this.#ready(),
			(reason) => this.#fail('decode_failed', { reason })
		);
	}

	/** Connects and goes where it was told last. */
	open(): void {
		this.#disconnect();
		this.listener({ kind: 'connecting' });
		this.#seen = 0;
		this.#expected = 1;
		this.#begin();
		const socket = new WebSocket(this.url);
		counters.sockets += 1;
		socket.binaryType = 'arraybuffer';
		socket.onopen = () => this.#goThere();
		socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
			if (this.#socket !== socket) return;
			this.#heardAt = performance.now();
			if (typeof event.data === 'string') this.#notice(parseNotice(event.data));
			else this.#receive(event.data);
		};
		socket.onclose = () => {
			if (this.#socket === socket) this.#lost();
		};
		this.#socket = socket;
		this.#heardAt = performance.now();
		this.#pinger = setInterval(() => this.#ping(), PING_MS);
	}

	close(): void {
		this.#disconnect();
		this.#pictures.close();
		this.#sound.close();
	}

	/** Silent at first; heard while it plays at normal speed. */
	setAudible(isAudible: boolean): void {
		this.#sound.setAudible(isAudible);
	}

	play(at: number, speed: number): void {
		this.#speed = speed;
		this.#isPlaying = true;
		this.#goTo(at);
	}

	/** Stands still; the picture stays. */
	pause(at: number): void {
		this.#isPlaying = false;
		this.#sound.pause();
		this.#at = at;
		this.#isAligned = false;
		this.#send({ type: 'pause' });
		if (this.#hasPicture && !this.footing.isEnded && !this.#isInGap) this.listener({ kind: 'paused', at: this.#painted ?? at });
	}

	/** Shows the picture of a moment, paused. */
	show(at: number): void {
		this.#isPlaying = false;
		this.#goTo(at);
	}

	step(frames: 1 | -1): void {
		this.#isPlaying = false;
		// The server is ahead of the screen by what it sent in advance.
		if (!this.#isAligned && this.#painted !== undefined) this.#goTo(Math.ceil(this.#painted));
		this.#isAligned = true;
		this.#send({ type: 'step', frames });
	}

	/** Paints what is due on the deck's clock; called once per screen refresh while the deck plays. */
	tick(at: number): void {
		if (!this.#isPlaying) return;
		this.#at = at;
		const due = this.#pictures.take(at, this.#direction) ?? this.#firstBackwards(at);
		if (due) this.#paint(due);
		this.#regulate(at);
		if (this.#speed === 1) this.#sound.tick(at);
		else this.#sound.pause();
		if (this.#gap && at >= this.#gap.from && at < this.#gap.to) this.listener({ kind: 'gap', ...this.#gap });
		else if (due) this.listener({ kind: 'playing', at: due.at, speed: this.#speed });
		else if (this.#isEnded && this.#pictures.head === undefined) this.listener({ kind: 'end', at });
		else if (this.#isDry(at)) this.listener({ kind: 'seeking', at });
	}

	/** What the deck's clock needs to know. */
	get footing(): Footing {
		const { head } = this.#pictures;
		const isOpen = this.#socket?.readyState === WebSocket.OPEN;
		const isBeyond = head !== undefined && (head - this.#at) * this.#direction > 0;
		const isApart = isBeyond && (Math.abs(head - this.#at) > LONGEST_GROUP_MS || this.#isInGap);
		return {
			isReady: this.#hasPicture || head !== undefined || this.#isEnded || this.#isAtEdge || !isOpen,
			isEnded: this.#isEnded && head === undefined,
			reach: this.#reach,
			waitsUntil: isApart ? head : undefined
		};
	}

	/** When the picture on the canvas was taken. */
	get painted(): number | undefined {
		return this.#painted;
	}

	get #direction(): 1 | -1 {
		return this.#speed < 0 ? -1 : 1;
	}

	/** Backwards the first key frame stands for the moments after it, from which it is reached. */
	#firstBackwards(at: number): Picture | undefined {
		const { head } = this.#pictures;
		if (this.#hasPicture || this.#direction > 0 || head === undefined || at - head > LONGEST_GROUP_MS) return undefined;
		return this.#pictures.take(head, -1);
	}

	/** The furthest moment received, in the direction of play. */
	get #reach(): number | undefined {
		const reach = this.#pictures.reach;
		return reach && (this.#direction > 0 ? reach.last : reach.first);
	}

	get #isInGap(): boolean {
		return this.#gap !== undefined && this.#at >= this.#gap.from && this.#at < this.#gap.to;
	}

	#goTo(at: number): void {
		this.#at = at;
		this.#begin();
		this.listener({ kind: 'seeking', at });
		this.#goThere();
	}

	#goThere(): void {
		// It is gone there as soon as it is open; what nobody hears is answered by nobody.
		if (this.#socket?.readyState !== WebSocket.OPEN) return;
		const at = Math.ceil(this.#at);
		this.#expected = Math.max(this.#seen, this.#expected) + 1;
		this.#isAligned = !this.#isPlaying;
		if (this.#isPlaying) this.#send({ type: 'play', at, speed: this.#speed });
		else {
			this.#send({ type: 'pause' });
			this.#send({ type: 'seek', at });
		}
	}

	/** A new epoch: nothing of the old one counts. */
	#begin(): void {
		this.#isOurs = false;
		this.#isHeld = false;
		this.#hasPicture = false;
		this.#isEnded = false;
		this.#isAtEdge = false;
		this.#gap = undefined;
		this.#pictures.reset();
		this.#sound.reset();
	}

	#send(command: PlaybackClientMessage): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
	}

	#ping(): void {
		if (performance.now() - this.#heardAt > SILENCE_MS) return this.#lost();
		this.#send({ type: 'ping', client_at: Date.now() });
	}

	/** Everything that came has been shown, and not just now. */
	#isDry(at: number): boolean {
		const reach = this.#reach;
		const isKeysOnly = this.#speed < 0 || this.#speed > 4;
		const waited = performance.now() - this.#paintedAt;
		return reach !== undefined && (at - reach) * this.#direction >= 0 && waited > (isKeysOnly ? DRY_KEYS_MS : DRY_MS);
	}

	/** Keeps what is received between near and far ahead of the clock, whatever the server's own pace. */
	#regulate(at: number): void {
		if (this.#reach === undefined) return;
		const ahead = (this.#reach - at) * this.#direction;
		const scale = Math.max(0.5, Math.abs(this.#speed));
		if (!this.#isHeld && ahead > FAR_MS * scale) {
			this.#isHeld = true;
			this.#send({ type: 'pause' });
		} else if (this.#isHeld && ahead < NEAR_MS * scale) {
			this.#isHeld = false;
			this.#send({ type: 'play' });
		}
	}

	#notice(notice: PlaybackServerMessage | undefined): void {
		if (notice?.type === 'hello') this.hasSound = notice.has_audio;
		if (notice?.type === 'error') return this.#fail(notice.code, notice.params);
		if (notice?.type === 'seeked') {
			this.#seen = notice.seek_id;
			if (notice.seek_id < this.#expected) return;
			this.#begin();
			this.#isOurs = true;
			this.#attempt = 0;
			return;
		}
		if (!this.#isOurs) return;
		if (notice?.type === 'gap') {
			this.#gap = { from: notice.from, to: notice.to, reason: notice.reason };
			if (!this.#isPlaying && this.#isInGap) this.listener({ kind: 'gap', ...this.#gap });
		} else if (notice?.type === 'live_edge') {
			// What is recorded next follows without a `seeked` of its own.
			this.#isAtEdge = true;
			if (!this.#hasPicture) this.listener({ kind: 'live_edge', at: notice.at });
		} else if (notice?.type === 'end') {
			this.#isEnded = true;
			if (!this.#hasPicture || !this.#isPlaying) this.listener({ kind: 'end', at: notice.at });
		}
	}

	#receive(message: ArrayBuffer): void {
		const frame = parseFrame(message);
		if (!frame || (!this.#isOurs && frame.kind !== 'init')) return;
		if (frame.kind === 'init' || frame.isAudio) this.#sound.push(frame);
		if (frame.isAudio) return;
		this.#pictures.push(frame);
		if (!this.#isPlaying && frame.kind === 'video' && !frame.isBeforeTarget) this.#pictures.hurry();
		// Nobody ticks in a hidden page; the server must not fill the memory meanwhile.
		if (this.#isPlaying && document.hidden) this.#regulate(this.#at);
	}

	/** While paused a picture is shown as it comes. */
	#ready(): void {
		if (this.#isPlaying) return;
		const picture = this.#pictures.take(Infinity, 1);
		if (!picture) return;
		if (this.#gap && Math.abs(picture.at - this.#at) > BESIDE_MS && this.#isInGap) {
			picture.source.close();
			return this.listener({ kind: 'gap', ...this.#gap });
		}
		this.#at = picture.at;
		this.#paint(picture);
		this.listener({ kind: 'paused', at: picture.at });
	}

	#paint({ at, source, width, height }: Picture): void {
		if (this.canvas.width !== width || this.canvas.height !== height) {
			this.canvas.width = width;
			this.canvas.height = height;
		}
		this.canvas.getContext('2d', { alpha: false })?.drawImage(source, 0, 0, width, height);
		source.close();
		this.#painted = at;
		this.#paintedAt = performance.now();
		this.#hasPicture = true;
		this.#isAtEdge = false;
		this.onpaint(at);
	}

	#disconnect(): void {
		clearTimeout(this.#timer);
		clearInterval(this.#pinger);
		const socket = this.#socket;
		this.#socket = undefined;
		if (!socket) return;
		counters.sockets -= 1;
		socket.close(1000);
	}

	#lost(): void {
		this.#disconnect();
		const wait = backoffMs(this.#attempt, Math.random());
		this.#attempt += 1;
		this.listener({ kind: 'lost' });
		this.#timer = setTimeout(() => this.open(), wait);
	}

	/** Stands until somebody tries again; the server has its reasons. */
	#fail(code: string, params: Record<string, string>): void {
		this.#disconnect();
		this.listener({ kind: 'failed', code, params });
	}
}
