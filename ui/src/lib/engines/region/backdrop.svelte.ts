/** The picture to draw on: a snapshot of the stream that the engine will see, or why there is none. */
import { failure, type Failure } from '$lib/api';
import { toFailure } from '$lib/api/result';
import { snapshotUrl } from '$lib/wall/snapshot';

const timeoutMs = 15_000;

export class Backdrop {
	url = $state<string>();
	/** Width by height. */
	ratio = $state(16 / 9);
	problem = $state.raw<Failure>();
	busy = $state(false);
	#abort: AbortController | undefined;

	/** The old picture stays until the new one is here. */
	async load(path: string): Promise<void> {
		this.#abort?.abort();
		const abort = (this.#abort = new AbortController());
		this.busy = true;
		this.problem = undefined;
		try {
			const answer = await fetch(snapshotUrl(path), { cache: 'no-store', signal: AbortSignal.any([abort.signal, AbortSignal.timeout(timeoutMs)]) });
			if (!answer.ok) this.problem = toFailure(answer.status, await answer.json().catch(() => undefined));
			else this.#show(await answer.blob());
		} catch {
			if (abort.signal.aborted) return;
			this.problem = failure('snapshot_failed');
		}
		this.busy = false;
	}

	/** Another camera's places must not be drawn on this one's picture. */
	forget(): void {
		this.#abort?.abort();
		if (this.url) URL.revokeObjectURL(this.url);
		this.url = undefined;
		this.busy = false;
	}

	measured(picture: HTMLImageElement): void {
		if (picture.naturalWidth > 0 && picture.naturalHeight > 0) this.ratio = picture.naturalWidth / picture.naturalHeight;
	}

	#show(picture: Blob): void {
		if (this.url) URL.revokeObjectURL(this.url);
		this.url = URL.createObjectURL(picture);
	}
}
