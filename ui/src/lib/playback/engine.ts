/**
 * One playback tile: a socket, a decoder and a canvas. Framework-free; knows a URL and a canvas, nothing else.
 *
 * The server paces and always starts a position at the key frame before it, so every change of position is a new
 * epoch: the decoder is reset and pictures flagged "before the target" are decoded but not shown. While paused the
 * decoder is flushed after the target so that it does not hold the picture back.
 */
import { codecFromInit, samplesOf } from './samples';
import { parseNotice, type PlaybackCommand, type PlaybackNotice } from './messages';
import type { PlaybackState } from './state';

/** Header flags and kinds, see `api/live.rs`. */
const HEADER_BYTES = 16;
const KIND_INIT = 1;
const KIND_VIDEO = 2;
const KIND_JPEG = 4;
const FLAG_KEY = 1;
const FLAG_BEFORE_TARGET = 8;
/** Pictures waiting in the decoder before the socket is left unread. */
const MAX_QUEUE = 64;

export interface PlaybackListener {
	/** A new state; called at most once per picture. */
	(state: PlaybackState): void;
}

interface Shown {
	/** Wall clock of the picture, UTC milliseconds. */
	readonly at: number;
	readonly show: boolean;
}

export class PlaybackEngine {
	#socket: WebSocket | undefined;
	#decoder: VideoDecoder | undefined;
	#config: VideoDecoderConfig | undefined;
	#needsKey = true;
	#epoch = 0;
	#speed = 1;
	#wantsPlay = false;
	#position: number;
	#size = { width: 0, height: 0 };
	readonly #pending = new Map<number, Shown>();
	#nextTimestamp = 0;

	constructor(
		readonly url: string,
		readonly canvas: HTMLCanvasElement,
		readonly listener: PlaybackListener,
		from: number
	) {
		this.#position = from;
	}

	get position(): number {
		return this.#position;
	}

	get size(): { width: number; height: number } {
		return this.#size;
	}

	open(): void {
		this.close();
		this.listener({ kind: 'connecting' });
		const socket = new WebSocket(this.url);
		socket.binaryType = 'arraybuffer';
		socket.onopen = () => this.#resume();
		socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
			if (typeof event.data === 'string') this.#notice(parseNotice(event.data));
			else this.#binary(new Uint8Array(event.data));
		};
		socket.onclose = (event) => {
			if (this.#socket === socket && event.code !== 1000) this.#fail('connection_lost', {});
		};
		this.#socket = socket;
	}

	close(): void {
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.close(1000);
		this.#closeDecoder();
		this.#pending.clear();
	}

	play(speed = this.#speed): void {
		this.#speed = speed;
		this.#wantsPlay = true;
		this.#send({ type: 'play', at: Math.round(this.#position), speed });
	}

	pause(): void {
		this.#wantsPlay = false;
		this.#send({ type: 'pause' });
		this.listener({ kind: 'paused', at: this.#position });
	}

	seek(at: number): void {
		this.#position = at;
		this.listener({ kind: 'seeking', at });
		if (this.#wantsPlay) this.#send({ type: 'play', at: Math.round(at), speed: this.#speed });
		else this.#send({ type: 'seek', at: Math.round(at) });
	}

	step(frames: 1 | -1): void {
		this.#wantsPlay = false;
		this.#send({ type: 'step', frames });
	}

	#resume(): void {
		if (this.#wantsPlay) this.play();
		else this.#send({ type: 'seek', at: Math.round(this.#position) });
	}

	#send(command: PlaybackCommand): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
	}

	#notice(notice: PlaybackNotice | undefined): void {
		switch (notice?.type) {
			case 'hello':
				this.#size = { width: notice.width, height: notice.height };
				break;
			case 'seeked':
				this.#epoch += 1;
				this.#pending.clear();
				this.#resetDecoder();
				break;
			case 'gap':
				this.#position = notice.to;
				this.listener({ kind: 'gap', from: notice.from, to: notice.to, reason: notice.reason });
				break;
			case 'live_edge':
				this.listener({ kind: 'live_edge', at: notice.at });
				break;
			case 'end':
				this.#wantsPlay = false;
				this.listener({ kind: 'end', at: notice.at });
				break;
			case 'error':
				this.#fail(notice.code, notice.params);
				break;
		}
	}

	#binary(message: Uint8Array): void {
		if (message.byteLength < HEADER_BYTES) return;
		const header = new DataView(message.buffer, message.byteOffset, HEADER_BYTES);
		const kind = header.getUint8(0);
		const flags = header.getUint8(1);
		const at = Number(header.getBigInt64(8)) / 1000;
		const body = message.subarray(HEADER_BYTES);
		if (kind === KIND_INIT) {
			this.#config = codecFromInit(body);
			this.#resetDecoder();
		} else if (kind === KIND_VIDEO) {
			this.#decode(body, { at, show: (flags & FLAG_BEFORE_TARGET) === 0 }, (flags & FLAG_KEY) !== 0);
		} else if (kind === KIND_JPEG) {
			void this.#still(body, at, this.#epoch);
		}
	}

	#decode(fragment: Uint8Array, shown: Shown, key: boolean): void {
		if (!this.#config || (this.#needsKey && !key)) return;
		const decoder = this.#decoder ?? this.#openDecoder(this.#config);
		if (decoder.decodeQueueSize > MAX_QUEUE) return;
		for (const data of samplesOf(fragment)) {
			const timestamp = this.#nextTimestamp;
			this.#nextTimestamp += 1000;
			this.#pending.set(timestamp, shown);
			decoder.decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp, data }));
		}
		this.#needsKey = false;
		if (shown.show && !this.#wantsPlay) this.#flush(decoder);
	}

	/** Makes a paused decoder hand out the picture it may be holding; it then needs a key frame again. */
	#flush(decoder: VideoDecoder): void {
		this.#needsKey = true;
		decoder.flush().catch(() => {
			// A reset while flushing means that a newer position took over.
		});
	}

	#openDecoder(config: VideoDecoderConfig): VideoDecoder {
		const decoder = new VideoDecoder({
			output: (frame) => this.#show(frame),
			error: (error) => this.#fail('decode_failed', { reason: error.message })
		});
		decoder.configure({ ...config, optimizeForLatency: true });
		this.#decoder = decoder;
		this.#needsKey = true;
		return decoder;
	}

	#resetDecoder(): void {
		this.#closeDecoder();
		this.#needsKey = true;
	}

	#closeDecoder(): void {
		if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
		this.#decoder = undefined;
	}

	#show(frame: VideoFrame): void {
		const shown = this.#pending.get(frame.timestamp);
		this.#pending.delete(frame.timestamp);
		if (shown?.show) {
			this.#paint(frame, frame.displayWidth, frame.displayHeight);
			this.#arrived(shown.at);
		}
		frame.close();
	}

	async #still(jpeg: Uint8Array, at: number, epoch: number): Promise<void> {
		const picture = await createImageBitmap(new Blob([jpeg.slice()], { type: 'image/jpeg' }));
		if (epoch === this.#epoch) {
			this.#paint(picture, picture.width, picture.height);
			this.#arrived(at);
		}
		picture.close();
	}

	#paint(picture: CanvasImageSource, width: number, height: number): void {
		if (this.canvas.width !== width || this.canvas.height !== height) {
			this.canvas.width = width;
			this.canvas.height = height;
		}
		this.canvas.getContext('2d', { alpha: false })?.drawImage(picture, 0, 0, width, height);
	}

	#arrived(at: number): void {
		this.#position = at;
		this.listener(
			this.#wantsPlay ? { kind: 'playing', at, speed: this.#speed } : { kind: 'paused', at }
		);
	}

	#fail(code: string, params: Record<string, string>): void {
		this.listener({ kind: 'failed', code, params });
	}
}
