/** Sound of the one selected tile: its own media element beside the picture, held near the live edge. */
import { chase } from './chase';
import { counters } from './counters';
import { fragmentTime, onlyTracks, parseInit } from './fmp4';
import type { Frame } from './framing';
import { mediaSourceClass } from './probe';

const mostQueued = 200;
const keepBehindS = 5;
/** Sound suffers from rate changes, so its buffer may be deeper: the chase works on "frames" of this length. */
const stepS = 0.08;

export class AudioTrack {
	readonly #element = document.createElement('audio');
	readonly #source: MediaSource;
	readonly #url: string;
	#buffer: SourceBuffer | undefined;
	#init: Uint8Array<ArrayBuffer> | undefined;
	#queue: Uint8Array<ArrayBuffer>[] = [];
	#timescale = 1;
	#baseS: number | undefined;
	#isDisposed = false;

	constructor() {
		const Source = mediaSourceClass();
		if (!Source) throw new Error('no MediaSource');
		this.#source = new Source();
		this.#url = URL.createObjectURL(this.#source);
		counters.mediaSources += 1;
		counters.objectUrls += 1;
		this.#element.disableRemotePlayback = true;
		this.#source.onsourceopen = () => this.#open();
		// Sound that cannot be played leaves the picture alone.
		this.#element.onerror = () => this.dispose();
		this.#element.src = this.#url;
	}

	push(frame: Frame): void {
		if (this.#isDisposed) return;
		if (frame.kind === 'init') {
			this.#init ??= onlyTracks(frame.body, 'audio');
			this.#open();
			return;
		}
		if (frame.kind !== 'audio') return;
		if (this.#baseS === undefined) {
			const time = fragmentTime(frame.body);
			if (time === undefined || !this.#buffer || this.#buffer.updating) return;
			this.#baseS = time / this.#timescale;
			this.#buffer.timestampOffset = -this.#baseS;
		}
		this.#queue.push(frame.body);
		if (this.#queue.length > mostQueued) this.#queue.splice(0, mostQueued / 2);
		this.#work();
	}

	#open(): void {
		if (this.#buffer || !this.#init || this.#source.readyState !== 'open') return;
		const track = parseInit(this.#init).find((one) => one.handler === 'audio');
		if (!track) return;
		try {
			this.#timescale = track.timescale;
			this.#buffer = this.#source.addSourceBuffer(`audio/mp4; codecs="${track.codec}"`);
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
		try {
			if (next) buffer.appendBuffer(next);
		} catch {
			this.#queue = [];
		}
	}

	tick(): void {
		const { buffered } = this.#element;
		if (this.#isDisposed || buffered.length === 0) return;
		const end = buffered.end(buffered.length - 1);
		if (this.#element.paused) {
			this.#element.currentTime = Math.max(buffered.start(buffered.length - 1), end - 3 * stepS);
			this.#element.play().catch(() => {
				// The browser wants a click first; the next tick asks again.
			});
			return;
		}
		const next = chase({ gapS: end - this.#element.currentTime, frameS: stepS, rate: this.#element.playbackRate, hasPresentedSinceSeek: true });
		if (next.kind === 'seek') this.#element.currentTime = end - next.behindS;
		else if (this.#element.playbackRate !== next.rate) this.#element.playbackRate = next.rate;
		const old = this.#element.currentTime - keepBehindS;
		if (this.#buffer && !this.#buffer.updating && old > buffered.start(0) + keepBehindS) this.#buffer.remove(0, old);
	}

	dispose(): void {
		if (this.#isDisposed) return;
		this.#isDisposed = true;
		this.#source.onsourceopen = this.#element.onerror = null;
		if (this.#buffer) this.#buffer.onupdateend = null;
		this.#queue = [];
		this.#element.pause();
		this.#element.removeAttribute('src');
		this.#element.load();
		URL.revokeObjectURL(this.#url);
		counters.mediaSources -= 1;
		counters.objectUrls -= 1;
	}
}
