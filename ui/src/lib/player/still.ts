/** The last step down: one snapshot a second through plain HTTP, for as long as live video does not work. */
import { counters } from './counters';
import { wallNow, type ServerClock } from './clock';
import type { Renderer, RendererEvents, RendererStats } from './renderer';

const everyMs = 1000;
const timeoutMs = 5000;

export class StillRenderer implements Renderer {
	readonly element = document.createElement('img');
	#timer: ReturnType<typeof setTimeout> | undefined;
	#abort = new AbortController();
	#shown: string | undefined;
	#failed = 0;
	#isSuspended = false;
	#isFetching = false;

	constructor(
		private readonly url: () => string,
		private readonly clock: ServerClock,
		private readonly events: RendererEvents
	) {
		this.element.alt = '';
		void this.#fetch();
	}

	async #fetch(): Promise<void> {
		if (this.#isFetching) return;
		this.#isFetching = true;
		const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)]);
		const askedAt = wallNow();
		try {
			const answer = await fetch(this.url(), { signal, cache: 'no-store' });
			if (!answer.ok) throw new Error(String(answer.status));
			const taken = Number(answer.headers.get('x-captured-at'));
			const picture = await answer.blob();
			if (this.#abort.signal.aborted) return;
			this.#show(URL.createObjectURL(picture));
			// A site that does not say when the picture was taken vouches for "just now", at worst when we asked.
			this.events.onPresented({ captureMs: taken || askedAt + this.clock.offsetMs });
		} catch {
			this.#failed += 1;
		}
		this.#isFetching = false;
		if (!this.#abort.signal.aborted && !this.#isSuspended) this.#timer = setTimeout(() => void this.#fetch(), everyMs);
	}

	#show(url: string): void {
		counters.objectUrls += 1;
		const old = this.#shown;
		this.#shown = url;
		this.element.src = url;
		if (old) this.#revoke(old);
	}

	#revoke(url: string): void {
		URL.revokeObjectURL(url);
		counters.objectUrls -= 1;
	}

	configure(): void {}
	push(): void {}
	nudge(): void {}

	/** Ticks come only while the tile is seen. */
	tick(): void {
		if (!this.#isSuspended) return;
		this.#isSuspended = false;
		clearTimeout(this.#timer);
		void this.#fetch();
	}

	suspend(): void {
		this.#isSuspended = true;
		clearTimeout(this.#timer);
	}

	attached(): void {}

	stats(): RendererStats {
		return { way: 'still', bufferedS: 0, rate: 1, dropped: this.#failed };
	}

	dispose(): void {
		this.#abort.abort();
		clearTimeout(this.#timer);
		if (this.#shown) this.#revoke(this.#shown);
		this.#shown = undefined;
		this.element.removeAttribute('src');
	}
}
