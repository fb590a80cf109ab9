/** Sound of the one selected tile, held near the live edge. */
import { AudioFeed } from './audio_feed';
import { chase } from './chase';
import type { Frame } from './framing';

/** Sound suffers from rate changes, so its buffer may be deeper: the chase works on "frames" of this length. */
const stepS = 0.08;

export class AudioTrack {
	readonly #feed = new AudioFeed();

	push(frame: Frame): void {
		this.#feed.push(frame);
	}

	tick(): void {
		const { element, isDisposed } = this.#feed;
		const { buffered } = element;
		if (isDisposed || buffered.length === 0) return;
		const end = buffered.end(buffered.length - 1);
		if (element.paused) {
			element.currentTime = Math.max(buffered.start(buffered.length - 1), end - 3 * stepS);
			return this.#feed.play();
		}
		const next = chase({ gapS: end - element.currentTime, frameS: stepS, rate: element.playbackRate, hasPresentedSinceSeek: true });
		if (next.kind === 'seek') element.currentTime = end - next.behindS;
		else if (element.playbackRate !== next.rate) element.playbackRate = next.rate;
		this.#feed.trim();
	}

	dispose(): void {
		this.#feed.dispose();
	}
}
