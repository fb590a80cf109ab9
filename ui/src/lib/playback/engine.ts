/**
 * One playback tile: a socket, a decoder and a canvas. Framework-free; knows a URL and a canvas, nothing else.
 *
 * The server paces and always starts a position at the key frame before it, so every change of position is a new
 * epoch: the decoder is reset and pictures flagged "before the target" are decoded but not shown. While paused the
 * decoder is flushed after the target so that it does not hold the picture back.
 */
import type { PlaybackClientMessage, PlaybackServerMessage } from '$lib/api';
import { counters } from '$lib/player/counters';
import { parseFragment, parseInit } from '$lib/player/fmp4';
import { parseFrame, type Frame } from '$lib/player/framing';
import { parseNotice } from './messages';
import type { PlaybackState } from './state';

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
		counters.sockets += 1;
		socket.binaryType = 'arraybuffer';
		socket.onopen = () => this.#resume();
		socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
			if (typeof event.data === 'string') this.#notice(parseNotice(event.data));
			else this.#receive(parseFrame(event.data));
		};
		socket.onclose = (event) => {
			if (this.#socket === socket && event.code !== 1000) this.#fail('connection_lost', {});
		};
		this.#socket = socket;
	}

	close(): void {
		const socket = this.#socket;
		this.#socket = undefined;
		if (socket) {
			counters.sockets -= 1;
			socket.close(1000);
		}
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

	#send(command: PlaybackClientMessage): void {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
	}

	#notice(notice: PlaybackServerMessage | undefined): void {
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

	#receive(frame: Frame | undefined): void {
		if (frame?.kind === 'init') {
			const track = parseInit(frame.body).find((one) => one.handler === 'video');
			this.#config = track && { codec: track.codec, description: track.description?.slice() };
			this.#resetDecoder();
		} else if (frame?.kind === 'video') {
			this.#decode(frame);
		} else if (frame?.kind === 'jpeg') {
			void this.#still(frame.body, frame.captureMs, this.#epoch);
		}
	}

	#decode(frame: Frame): void {
		if (!this.#config || (this.#needsKey && !frame.isKey)) return;
		const decoder = this.#decoder ?? this.#openDecoder(this.#config);
		if (decoder.decodeQueueSize > MAX_QUEUE) return;
		const shown = { at: frame.captureMs, show: !frame.isBeforeTarget };
		for (const { data } of parseFragment(frame.body)) {
			const timestamp = this.#nextTimestamp;
			this.#nextTimestamp += 1000;
			this.#pending.set(timestamp, shown);
			decoder.decode(new EncodedVideoChunk({ type: frame.isKey ? 'key' : 'delta', timestamp, data }));
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
		counters.decoders += 1;
		this.#decoder = decoder;
		this.#needsKey = true;
		return decoder;
	}

	#resetDecoder(): void {
		this.#closeDecoder();
		this.#needsKey = true;
	}

	#closeDecoder(): void {
		if (!this.#decoder) return;
		if (this.#decoder.state !== 'closed') this.#decoder.close();
		counters.decoders -= 1;
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

	async #still(jpeg: Uint8Array<ArrayBuffer>, at: number, epoch: number): Promise<void> {
		const picture = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
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
