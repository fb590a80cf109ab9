/** The sound of one recording, held to the deck's clock. It plays at normal speed only; otherwise it stands. */
import { AudioFeed } from '$lib/player/audio_feed';
import type { Frame } from '$lib/player/framing';
import { correct, SoundLine } from './sound_line';

/** Frames kept while nobody listens, so that sound begins at once: some seconds. */
const MOST_KEPT = 256;

export class PlaybackSound {
	#feed: AudioFeed | undefined;
	readonly #line = new SoundLine();
	#init: Frame | undefined;
	#kept: Frame[] = [];
	#isAudible = false;

	setAudible(isAudible: boolean): void {
		if (this.#isAudible === isAudible) return;
		this.#isAudible = isAudible;
		if (!isAudible) this.#drop();
	}

	/** Takes an init message, after which the coding may be another, or a frame of sound. */
	push(frame: Frame): void {
		if (frame.kind === 'init') {
			this.#drop();
			this.#init = frame;
			this.#kept = [];
		} else if (frame.kind === 'audio') {
			this.#kept.push(frame);
			if (this.#kept.length > MOST_KEPT) this.#kept.shift();
			if (this.#feed) this.#give(frame);
		}
	}

	/** Another position follows: what was received belongs to the old one. */
	reset(): void {
		this.#kept = [];
		this.#line.clear();
		this.pause();
	}

	/** The picture of `at` is on screen, and time runs at normal speed. */
	tick(at: number): void {
		const feed = this.#open();
		if (!feed) return;
		const { element } = feed;
		const target = this.#line.mediaAt(at);
		if (target === undefined || !holds(element.buffered, target)) return this.pause();
		if (element.paused) {
			element.currentTime = target;
			return feed.play();
		}
		const next = correct(element.currentTime - target);
		if (next.kind === 'jump') element.currentTime = target;
		else if (element.playbackRate !== next.rate) element.playbackRate = next.rate;
		feed.trim();
	}

	pause(): void {
		if (this.#feed && !this.#feed.element.paused) this.#feed.element.pause();
	}

	close(): void {
		this.#isAudible = false;
		this.#drop();
		this.#kept = [];
	}

	#open(): AudioFeed | undefined {
		// What the browser cannot play is not tried again and again.
		if (this.#feed?.isDisposed) this.close();
		if (this.#feed || !this.#isAudible || !this.#init) return this.#feed;
		try {
			this.#feed = new AudioFeed();
		} catch {
			// A browser without Media Source Extensions stays silent; the picture goes on.
			this.#isAudible = false;
			return undefined;
		}
		this.#feed.push(this.#init);
		for (const frame of this.#kept) this.#give(frame);
		return this.#feed;
	}

	#give(frame: Frame): void {
		const mediaS = this.#feed?.push(frame);
		if (mediaS !== undefined) this.#line.note(frame.captureMs, mediaS);
	}

	#drop(): void {
		this.#feed?.dispose();
		this.#feed = undefined;
		this.#line.clear();
	}
}

function holds(buffered: TimeRanges, timeS: number): boolean {
	for (let index = 0; index < buffered.length; index++) if (timeS >= buffered.start(index) && timeS < buffered.end(index)) return true;
	return false;
}
