/** Coded sound into a media element of its own, beside the picture: what live view and playback have in common. */
import { counters } from './counters';
import { fragmentTime, onlyTracks, parseInit, type Track } from './fmp4';
import type { Frame } from './framing';
import { mediaSourceClass } from './probe';

/** More is not waited for; a recording brings some seconds at once. */
const mostQueued = 400;
const keepBehindS = 5;

export class AudioFeed {
	readonly element = document.createElement('audio');
	readonly #source: MediaSource;
	readonly #url: string;
	#buffer: SourceBuffer | undefined;
	#init: Uint8Array<ArrayBuffer> | undefined;
	#queue: Uint8Array<ArrayBuffer>[] = [];
	#track: Track | undefined;
	#baseS: number | undefined;
	#isPlaced = false;
	#isDisposed = false;

	/** Throws where the browser has no Media Source Extensions. */
	constructor() {
		const Source = mediaSourceClass();
		if (!Source) throw new Error('no MediaSource');
		this.#source = new Source();
		this.#url = URL.createObjectURL(this.#source);
		counters.mediaSources += 1;
		counters.objectUrls += 1;
		this.element.disableRemotePlayback = true;
		this.#source.onsourceopen = () => this.#open();
		// Sound that cannot be played leaves the picture alone.
		this.element.onerror = () => this.dispose();
		this.element.src = this.#url;
	}

	get isDisposed(): boolean {
		return this.#isDisposed;
	}

	/** Takes an init message or a frame; answers where on the element's timeline a frame begins, in seconds. */
	push(frame: Frame): number | undefined {
		if (this.#isDisposed) return undefined;
		if (frame.kind === 'init') {
			this.#init ??= onlyTracks(frame.body, 'audio');
			this.#track ??= this.#init && parseInit(this.#init).find((one) => one.handler === 'audio');
			this.#open();
			return undefined;
		}
		const time = frame.kind === 'audio' ? fragmentTime(frame.body) : undefined;
		if (time === undefined || !this.#track) return undefined;
		const timeS = time / this.#track.timescale;
		this.#baseS ??= timeS;
		this.#queue.push(frame.body);
		if (this.#queue.length > mostQueued) this.#queue.splice(0, mostQueued / 2);
		this.#work();
		return timeS - this.#baseS;
	}

	play(): void {
		this.element.play().catch(() => {
			// The browser wants a click first; the next tick asks again.
		});
	}

	/** Forgets what was played long ago. */
	trim(): void {
		const { buffered, currentTime } = this.element;
		const old = currentTime - keepBehindS;
		if (this.#buffer && !this.#buffer.updating && buffered.length > 0 && old > buffered.start(0) + keepBehindS) this.#buffer.remove(0, old);
	}

	dispose(): void {
		if (this.#isDisposed) return;
		this.#isDisposed = true;
		this.#source.onsourceopen = this.element.onerror = null;
		if (this.#buffer) this.#buffer.onupdateend = null;
		this.#queue = [];
		this.element.pause();
		this.element.removeAttribute('src');
		this.element.load();
		URL.revokeObjectURL(this.#url);
		counters.mediaSources -= 1;
		counters.objectUrls -= 1;
	}

	#open(): void {
		if (this.#buffer || !this.#init || !this.#track || this.#source.readyState !== 'open') return;
		try {
			this.#buffer = this.#source.addSourceBuffer(`audio/mp4; codecs="${this.#track.codec}"`);
			this.#buffer.onupdateend = () => this.#work();
			this.#buffer.appendBuffer(this.#init);
		} catch {
			this.#buffer = undefined;
		}
	}

	#work(): void {
		const buffer = this.#buffer;
		if (!buffer || buffer.updating || this.#isDisposed || this.#source.readyState !== 'open') return;
		const next = this.#queue.shift();
		if (!next) return;
		try {
			if (!this.#isPlaced) buffer.timestampOffset = -(this.#baseS ?? 0);
			this.#isPlaced = true;
			buffer.appendBuffer(next);
		} catch {
			this.#queue = [];
		}
	}
}
