/**
 * Coded frames in, pictures out: decodes a little ahead of the clock and hands out what is due. Framework-free.
 *
 * A decoder may hold a picture back until more frames come. While paused nothing more comes, so it is flushed, after
 * which it wants a key frame: the frames since the last one are kept and fed again when a single step follows.
 */
import { counters } from '$lib/player/counters';
import { parseFragment, parseInit } from '$lib/player/fmp4';
import type { Frame } from '$lib/player/framing';

/** Decoded pictures kept; each is a whole raw frame in memory. */
const MOST_READY = 6;
/** Frames inside the decoder. */
const MOST_DECODING = 8;
/** A paused decoder that has not given its picture after this many milliseconds is flushed. */
const PATIENCE_MS = 40;
/** Frames kept for a step; a longer group of pictures cannot be stepped through without a new seek. */
const MOST_KEPT = 1000;

export interface Picture {
	/** Wall clock of the picture, UTC milliseconds. */
	readonly at: number;
	readonly source: VideoFrame | ImageBitmap;
	readonly width: number;
	readonly height: number;
}

interface Coded {
	readonly data: Uint8Array<ArrayBuffer>;
	readonly isKey: boolean;
	readonly at: number;
	readonly isShown: boolean;
}

export class Pictures {
	#config: VideoDecoderConfig | undefined;
	#decoder: VideoDecoder | undefined;
	#needsKey = true;
	/** Moments of pictures inside the decoder, by its timestamps; undefined: not to be shown. */
	readonly #inside = new Map<number, number | undefined>();
	#timestamp = 0;
	#waiting: Coded[] = [];
	#group: Coded[] = [];
	#ready: Picture[] = [];
	#epoch = 0;
	#stills: Promise<void> = Promise.resolve();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#first: number | undefined;
	#last: number | undefined;

	constructor(
		/** A picture has become ready. */
		private readonly onready: () => void,
		private readonly onbroken: (reason: string) => void
	) {}

	/** The moment of the picture that comes next. */
	get head(): number | undefined {
		return this.#ready[0]?.at ?? this.#waiting.find((coded) => coded.isShown)?.at;
	}

	/** The furthest moments received since the last reset, either way. */
	get reach(): { first: number; last: number } | undefined {
		return this.#first === undefined || this.#last === undefined ? undefined : { first: this.#first, last: this.#last };
	}

	/** Another position follows: everything held belongs to the old one. */
	reset(): void {
		clearTimeout(this.#timer);
		this.#epoch += 1;
		this.#waiting = [];
		this.#group = [];
		for (const picture of this.#ready) picture.source.close();
		this.#ready = [];
		this.#first = this.#last = undefined;
		this.#closeDecoder();
	}

	/** Takes an init message, a frame or a still. */
	push(frame: Frame): void {
		if (frame.kind === 'init') {
			const track = parseInit(frame.body).find((one) => one.handler === 'video');
			this.#config = track && { codec: track.codec, description: track.description?.slice() };
			this.#closeDecoder();
		} else if (frame.kind === 'video') {
			for (const { data } of parseFragment(frame.body)) {
				this.#take({ data, isKey: frame.isKey, at: frame.captureMs, isShown: !frame.isBeforeTarget });
			}
		} else if (frame.kind === 'jpeg') {
			const epoch = this.#epoch;
			this.#note(frame.captureMs);
			this.#stills = this.#stills.then(() => this.#still(frame.body, frame.captureMs, epoch));
		}
	}

	/** The newest picture due at `at` in this direction; older ones are dropped. Its owner closes it. */
	take(at: number, direction: 1 | -1): Picture | undefined {
		let due: Picture | undefined;
		while (this.#ready[0] && (this.#ready[0].at - at) * direction <= 0) {
			due?.source.close();
			due = this.#ready.shift();
		}
		this.#pump();
		return due;
	}

	/** Nothing more comes for now: whatever the decoder still holds back shall come out. */
	hurry(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			if (![...this.#inside.values()].some((at) => at !== undefined)) return;
			this.#needsKey = true;
			this.#decoder?.flush().catch(() => {
				// Closed while flushing: a newer position took over.
			});
		}, PATIENCE_MS);
	}

	close(): void {
		this.reset();
		this.#config = undefined;
	}

	#note(at: number): void {
		this.#first = Math.min(this.#first ?? at, at);
		this.#last = Math.max(this.#last ?? at, at);
	}

	#take(coded: Coded): void {
		if (coded.isKey) this.#group = [];
		else if (this.#group.length === 0 || this.#group.length >= MOST_KEPT) return;
		this.#group.push(coded);
		this.#waiting.push(coded);
		if (coded.isShown) this.#note(coded.at);
		this.#pump();
	}

	#pump(): void {
		while (this.#waiting.length > 0 && this.#ready.length < MOST_READY && (this.#decoder?.decodeQueueSize ?? 0) < MOST_DECODING) {
			const next = this.#waiting.shift();
			if (next) this.#decode(next);
		}
	}

	#decode(coded: Coded): void {
		if (!this.#config) return;
		this.#decoder ??= this.#open(this.#config);
		if (this.#needsKey && !coded.isKey) {
			const index = this.#group.indexOf(coded);
			if (index < 0) return;
			for (const earlier of this.#group.slice(0, index)) this.#feed(earlier, undefined);
		}
		this.#feed(coded, coded.isShown ? coded.at : undefined);
	}

	#feed({ data, isKey }: Coded, at: number | undefined): void {
		if (this.#decoder?.state !== 'configured') return;
		this.#timestamp += 1000;
		this.#inside.set(this.#timestamp, at);
		this.#decoder.decode(new EncodedVideoChunk({ type: isKey ? 'key' : 'delta', timestamp: this.#timestamp, data }));
		this.#needsKey = false;
	}

	#open(config: VideoDecoderConfig): VideoDecoder {
		const decoder = new VideoDecoder({
			output: (frame) => this.#output(frame),
			error: (error) => {
				if (this.#decoder === decoder) this.onbroken(error.message);
			}
		});
		decoder.ondequeue = () => this.#pump();
		decoder.configure({ ...config, optimizeForLatency: true });
		counters.decoders += 1;
		this.#needsKey = true;
		return decoder;
	}

	#closeDecoder(): void {
		this.#inside.clear();
		this.#needsKey = true;
		const decoder = this.#decoder;
		this.#decoder = undefined;
		if (!decoder) return;
		if (decoder.state !== 'closed') decoder.close();
		counters.decoders -= 1;
	}

	#output(frame: VideoFrame): void {
		const at = this.#inside.get(frame.timestamp);
		this.#inside.delete(frame.timestamp);
		if (at === undefined) return frame.close();
		this.#ready.push({ at, source: frame, width: frame.displayWidth, height: frame.displayHeight });
		this.onready();
	}

	async #still(jpeg: Uint8Array<ArrayBuffer>, at: number, epoch: number): Promise<void> {
		const source = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' })).catch(() => undefined);
		if (!source) return;
		if (epoch !== this.#epoch) return source.close();
		this.#ready.push({ at, source, width: source.width, height: source.height });
		this.onready();
	}
}
