/**
 * Media Source Extensions and a video element. Keeps two to four frames of buffer by playback rate, trims what is
 * behind, and follows streams whose media time jumps by shifting them onto one growing timeline.
 */
import { chase } from './chase';
import { counters } from './counters';
import { fragmentTime, onlyTracks, parseInit } from './fmp4';
import type { Frame } from './framing';
import type { LiveHello } from './messages';
import { Moments } from './moments';
import { mediaSourceClass } from './probe';
import type { Renderer, RendererEvents, RendererStats } from './renderer';

/** Fragments waiting to be appended; beyond it the rest of the GOP is given up. */
const mostQueued = 300;
const mostQueuedReplay = 4000;
const keepBehindS = 10;
const trimEveryTicks = 8;
/** Media time that runs away from the last fragment by more than this is another timeline. */
const jumpS = 3;

export interface MseOptions {
	/** Start at the first picture and stay at rate 1 instead of chasing the live edge. */
	isReplay: boolean;
}

type Job = { bytes: Uint8Array<ArrayBuffer>; offsetS?: number; mime?: string };

export class MseRenderer implements Renderer {
	readonly element = document.createElement('video');
	#source: MediaSource;
	#buffer: SourceBuffer | undefined;
	readonly #url: string;
	#mime = '';
	/** The type the buffer was last told. */
	#typed = '';
	#jobs: Job[] = [];
	#moments = new Moments();
	#timescale = 1;
	#offsetS = 0;
	#lastS: number | undefined;
	#startAt: number | undefined;
	#endS = 0;
	#frameS = 1 / 15;
	#needsKey = true;
	#isStarted = false;
	#wantsEdge = false;
	#hasPresentedSinceSeek = false;
	#dropped = 0;
	#ticks = 0;
	#isSuspended = false;
	#isDisposed = false;
	#frameCallback = 0;
	#drawn = -1;

	constructor(
		private readonly events: RendererEvents,
		private readonly options: MseOptions
	) {
		const Source = mediaSourceClass();
		if (!Source) throw new Error('no MediaSource');
		const video = this.element;
		video.muted = true;
		video.playsInline = true;
		video.disableRemotePlayback = true;
		video.disablePictureInPicture = true;
		this.#source = new Source();
		this.#url = URL.createObjectURL(this.#source);
		counters.mediaSources += 1;
		counters.objectUrls += 1;
		this.#source.onsourceopen = () => this.#open();
		video.onerror = () => {
			if (!this.#isDisposed) this.events.onBroken(video.error?.message || 'media error');
		};
		video.src = this.#url;
		this.#watchFrames();
	}

	configure(hello: LiveHello): void {
		if (hello.frame_rate > 0) this.#frameS = 1 / hello.frame_rate;
		this.#needsKey = true;
	}

	#open(): void {
		if (this.#buffer) return this.#work();
		if (!this.#mime || this.#source.readyState !== 'open') return;
		try {
			this.#buffer = this.#source.addSourceBuffer(this.#mime);
			this.#typed = this.#mime;
			this.#buffer.mode = 'segments';
			this.#buffer.onupdateend = () => this.#work();
			this.#buffer.onerror = () => this.events.onBroken('append failed');
			this.#work();
		} catch (error) {
			this.events.onBroken(String(error));
		}
	}

	push(frame: Frame): void {
		if (frame.isAudio || this.#isDisposed) return;
		if (frame.kind === 'init') {
			const track = parseInit(frame.body).find((one) => one.handler === 'video');
			const init = onlyTracks(frame.body, 'video');
			if (!track || !init) return this.events.onBroken('no video track');
			// Sound has a buffer of its own, so that switching it on never touches the picture.
			this.#mime = `video/mp4; codecs="${track.codec}"`;
			this.#timescale = track.timescale;
			this.#lastS = undefined;
			this.#needsKey = true;
			this.#jobs.push({ bytes: init, mime: this.#mime });
			return this.#open();
		}
		if (frame.kind !== 'video') return;
		if (this.#needsKey && !frame.isKey) return;
		const time = fragmentTime(frame.body);
		if (time === undefined) return;
		if (this.#jobs.length > (this.options.isReplay ? mostQueuedReplay : mostQueued)) {
			this.#dropped += this.#jobs.length;
			this.#jobs = this.#jobs.filter((job) => job.mime !== undefined);
			this.#needsKey = true;
			if (!frame.isKey) return;
		}
		this.#needsKey = false;
		this.#isSuspended = false;
		const offsetS = this.#place(time / this.#timescale);
		const mediaS = time / this.#timescale + this.#offsetS;
		this.#moments.add(mediaS, frame.captureMs);
		if (this.options.isReplay && !this.#isStarted && !frame.isBeforeTarget) this.#startAt ??= mediaS;
		this.#jobs.push({ bytes: frame.body, offsetS });
		this.#work();
	}

	/** Puts another timeline behind what there is; returns the new offset when it changed. */
	#place(timeS: number): number | undefined {
		const last = this.#lastS;
		this.#lastS = timeS;
		const isSame = last !== undefined && timeS > last - jumpS && timeS < last + jumpS;
		if (!isSame) {
			const offset = this.#endS + this.#frameS - timeS;
			if (last !== undefined || this.#endS > 0) this.#wantsEdge = true;
			this.#offsetS = offset;
			this.#endS = timeS + offset;
			return offset;
		}
		this.#endS = Math.max(this.#endS, timeS + this.#offsetS + this.#frameS);
		return undefined;
	}

	#work(): void {
		const buffer = this.#buffer;
		if (!buffer || buffer.updating || this.#isDisposed || this.#source.readyState !== 'open') return;
		this.#follow();
		const job = this.#jobs.shift();
		if (!job) return;
		try {
			if (job.mime && job.mime !== this.#typed) {
				buffer.changeType(job.mime);
				this.#typed = job.mime;
			}
			if (job.offsetS !== undefined) buffer.timestampOffset = job.offsetS;
			buffer.appendBuffer(this.#batch(job));
		} catch (error) {
			if (error instanceof DOMException && error.name === 'QuotaExceededError') {
				this.#jobs.unshift(job);
				this.#trim(2);
			} else this.events.onBroken(String(error));
		}
	}

	/** What has queued up behind goes in with one append: a cached GOP is one call instead of sixty. */
	#batch(first: Job): Uint8Array<ArrayBuffer> {
		let count = 0;
		let size = first.bytes.byteLength;
		for (const job of this.#jobs) {
			if (job.mime !== undefined || job.offsetS !== undefined || count >= 128) break;
			count += 1;
			size += job.bytes.byteLength;
		}
		if (count === 0) return first.bytes;
		const all = new Uint8Array(size);
		all.set(first.bytes);
		let at = first.bytes.byteLength;
		for (const job of this.#jobs.splice(0, count)) {
			all.set(job.bytes, at);
			at += job.bytes.byteLength;
		}
		return all;
	}

	/** Start, and jumps from one buffered stretch to the next. */
	#follow(): void {
		const video = this.element;
		const { buffered } = video;
		if (buffered.length === 0) return;
		const start = buffered.start(buffered.length - 1);
		const end = buffered.end(buffered.length - 1);
		if (!this.#isStarted) {
			if (this.options.isReplay && (this.#startAt === undefined || end < this.#startAt)) return;
			this.#isStarted = true;
			this.#seek(this.options.isReplay ? Math.max(start, this.#startAt ?? start) : Math.max(start, end - 2 * this.#frameS));
			this.#play();
		} else if (this.#wantsEdge || video.currentTime < start - 0.001) {
			if (video.currentTime >= start && !this.#wantsEdge) return;
			this.#wantsEdge = false;
			this.#seek(this.options.isReplay ? start : Math.max(start, end - 2 * this.#frameS));
		}
	}

	#seek(to: number): void {
		this.#hasPresentedSinceSeek = false;
		this.element.currentTime = to;
	}

	#play(): void {
		this.element.play().catch(() => {
			// Interrupted by a move to another tile or refused for a moment; the next tick asks again.
		});
	}

	#watchFrames(): void {
		const video = this.element;
		if (!('requestVideoFrameCallback' in video)) return;
		const seen = (_now: number, data: VideoFrameCallbackMetadata) => {
			if (this.#isDisposed) return;
			this.#shown(data.mediaTime);
			this.#frameCallback = video.requestVideoFrameCallback(seen);
		};
		this.#frameCallback = video.requestVideoFrameCallback(seen);
	}

	#shown(mediaS: number): void {
		this.#hasPresentedSinceSeek = true;
		const captureMs = this.#moments.at(mediaS);
		if (captureMs !== undefined) this.events.onPresented({ captureMs });
	}

	tick(): void {
		if (this.#isDisposed || !this.#isStarted) return;
		const video = this.element;
		if (!this.#frameCallback) this.#pollFrames();
		if (video.paused && !this.#isSuspended) this.#play();
		this.#follow();
		if (++this.#ticks % trimEveryTicks === 0) this.#trim(keepBehindS);
		if (this.options.isReplay || video.buffered.length === 0) return;
		const gapS = video.buffered.end(video.buffered.length - 1) - video.currentTime;
		const next = chase({ gapS, frameS: this.#frameS, rate: video.playbackRate, hasPresentedSinceSeek: this.#hasPresentedSinceSeek });
		if (next.kind === 'seek') this.#seek(video.buffered.end(video.buffered.length - 1) - next.behindS);
		else if (video.playbackRate !== next.rate) video.playbackRate = next.rate;
	}

	/** Without frame callbacks the number of drawn frames says whether the picture moves. */
	#pollFrames(): void {
		const drawn = this.element.getVideoPlaybackQuality?.().totalVideoFrames ?? 0;
		if (drawn === this.#drawn) return;
		this.#drawn = drawn;
		this.#shown(this.element.currentTime);
	}

	#trim(keepS: number): void {
		const buffer = this.#buffer;
		if (!buffer || buffer.updating || this.#source.readyState !== 'open' || buffer.buffered.length === 0) return;
		const to = this.element.currentTime - keepS;
		if (to <= buffer.buffered.start(0)) return;
		try {
			buffer.remove(0, to);
		} catch {
			// The buffer is busy or closing; the next round trims.
		}
	}

	nudge(): void {
		this.#wantsEdge = true;
		this.element.playbackRate = 1;
		this.#follow();
		this.#play();
	}

	suspend(): void {
		this.#isSuspended = true;
		this.#jobs = [];
		this.#needsKey = true;
		this.#wantsEdge = true;
		this.#lastS = undefined;
		this.element.pause();
	}

	attached(): void {
		if (this.#isStarted) this.#play();
	}

	stats(): RendererStats {
		const { buffered, currentTime, playbackRate } = this.element;
		const quality = this.element.getVideoPlaybackQuality?.();
		return {
			way: 'mse',
			bufferedS: buffered.length ? buffered.end(buffered.length - 1) - currentTime : 0,
			rate: playbackRate,
			dropped: this.#dropped + (quality?.droppedVideoFrames ?? 0)
		};
	}

	dispose(): void {
		if (this.#isDisposed) return;
		this.#isDisposed = true;
		const video = this.element;
		if (this.#frameCallback) video.cancelVideoFrameCallback(this.#frameCallback);
		video.onerror = null;
		this.#source.onsourceopen = null;
		if (this.#buffer) this.#buffer.onupdateend = this.#buffer.onerror = null;
		this.#jobs = [];
		video.pause();
		video.removeAttribute('src');
		video.load();
		URL.revokeObjectURL(this.#url);
		counters.mediaSources -= 1;
		counters.objectUrls -= 1;
	}
}
