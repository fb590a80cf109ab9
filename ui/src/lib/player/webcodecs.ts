/**
 * VideoDecoder and canvas: every frame is decoded as it arrives and the newest is painted with the next screen refresh,
 * so a whole cached GOP gives its last picture at once and nothing can lag behind.
 */
import { counters } from './counters';
import { parseFragment, parseInit, type Track } from './fmp4';
import type { Frame } from './framing';
import type { LiveHello } from './messages';
import type { Renderer, RendererEvents, RendererStats } from './renderer';
import { beforePaint, forgetPaint } from './ticker';

/** Frames waiting in the decoder before the rest of the GOP is given up. */
const mostQueued = 150;
/** So many waiting when a key frame comes, and they are given up for it: a decoder that cannot keep up shows fewer pictures, not older ones. */
const backlog = 10;

export class WebCodecsRenderer implements Renderer {
	readonly element = document.createElement('canvas');
	readonly #context = this.element.getContext('2d', { alpha: false, desynchronized: true });
	#decoder: VideoDecoder | undefined;
	#track: Track | undefined;
	#needsKey = true;
	#newest: VideoFrame | undefined;
	#captures = new Map<number, number>();
	#nextTimestamp = 0;
	#dropped = 0;
	#isDisposed = false;

	constructor(private readonly events: RendererEvents) {
		counters.decoders += 1;
	}

	configure(_hello: LiveHello): void {
		this.#needsKey = true;
	}

	push(frame: Frame): void {
		if (frame.isAudio || this.#isDisposed) return;
		if (frame.kind === 'init') return this.#start(frame.body);
		if (frame.kind !== 'video' || !this.#track) return;
		for (const sample of parseFragment(frame.body)) this.#decode(sample.data, frame.isKey || sample.isKey, frame.isBeforeTarget ? undefined : frame.captureMs);
	}

	#start(init: Uint8Array<ArrayBuffer>): void {
		const track = parseInit(init).find((one) => one.handler === 'video');
		if (!track?.description) return this.events.onBroken('no decoder configuration');
		this.#track = { ...track, description: track.description.slice() };
		this.#reset();
	}

	#reset(): void {
		this.#needsKey = true;
		this.#captures.clear();
		if (!this.#track) return;
		try {
			if (!this.#decoder || this.#decoder.state === 'closed') {
				this.#decoder = new VideoDecoder({ output: (frame) => this.#decoded(frame), error: (error) => this.#failed(error) });
			} else if (this.#decoder.state === 'configured') this.#decoder.reset();
			this.#decoder.configure({ codec: this.#track.codec, description: this.#track.description, optimizeForLatency: true });
		} catch (error) {
			this.events.onBroken(String(error));
		}
	}

	#decode(data: Uint8Array<ArrayBuffer>, isKey: boolean, captureMs: number | undefined): void {
		const decoder = this.#decoder;
		if (!decoder || decoder.state !== 'configured') return;
		if (decoder.decodeQueueSize > (isKey ? backlog : mostQueued)) {
			this.#dropped += decoder.decodeQueueSize;
			this.#reset();
		}
		if (this.#needsKey && !isKey) {
			this.#dropped += 1;
			return;
		}
		this.#needsKey = false;
		const timestamp = this.#nextTimestamp++;
		if (captureMs !== undefined) this.#captures.set(timestamp, captureMs);
		try {
			decoder.decode(new EncodedVideoChunk({ type: isKey ? 'key' : 'delta', timestamp, data }));
		} catch {
			this.#reset();
		}
	}

	#decoded(frame: VideoFrame): void {
		// What was sent only so that the next pictures can be decoded is not shown.
		if (this.#isDisposed || !this.#captures.has(frame.timestamp)) return frame.close();
		this.#newest?.close();
		this.#newest = frame;
		beforePaint(this.#paint);
	}

	readonly #paint = (): void => {
		const frame = this.#newest;
		this.#newest = undefined;
		if (!frame) return;
		const { element } = this;
		if (element.width !== frame.displayWidth || element.height !== frame.displayHeight) {
			element.width = frame.displayWidth;
			element.height = frame.displayHeight;
		}
		this.#context?.drawImage(frame, 0, 0);
		const captureMs = this.#captures.get(frame.timestamp);
		for (const timestamp of this.#captures.keys()) if (timestamp <= frame.timestamp) this.#captures.delete(timestamp);
		frame.close();
		if (captureMs !== undefined) this.events.onPresented({ captureMs });
	};

	#failed(error: Error): void {
		if (this.#isDisposed) return;
		this.#decoder = undefined;
		this.events.onBroken(error.message);
	}

	tick(): void {}

	nudge(): void {
		this.#reset();
	}

	suspend(): void {
		if (this.#decoder?.state === 'configured') this.#reset();
		this.#dropNewest();
	}

	#dropNewest(): void {
		forgetPaint(this.#paint);
		this.#newest?.close();
		this.#newest = undefined;
	}

	attached(): void {}

	stats(): RendererStats {
		return { way: 'webcodecs', bufferedS: 0, rate: 1, dropped: this.#dropped };
	}

	dispose(): void {
		if (this.#isDisposed) return;
		this.#isDisposed = true;
		counters.decoders -= 1;
		this.#dropNewest();
		if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
		this.#decoder = undefined;
		this.#captures.clear();
		// Gives the picture's memory back at once instead of with the next garbage collection.
		this.element.width = this.element.height = 0;
	}
}
