/** The boxes over one recorded picture: reads what was found around its moment, and draws with each picture what belongs on it. */
import { api, type AiResultView } from '$lib/api';
import { BoxCanvas, isSame, nothing } from './box_canvas';
import { StoredResults, stretchMs } from './stored';
import type { PictureSource } from './tile_boxes';

/** Of one stretch; more than that many results in a minute are cut, the earliest first. */
const pageSize = 500;
const mostPages = 4;
/** A stretch that results still come for is read again so often. */
const againMs = 3000;
/** Results of a moment are on the disk after this. */
const settledMs = 5000;
/** After a failure. */
const restMs = 5000;

export class RecordedBoxes {
	/** Something was found here: only then there is something to switch off. */
	hasAny = $state(false);
	readonly #stored = new StoredResults();
	#canvas: BoxCanvas | undefined;
	#drawn = nothing();
	#found = nothing();
	#captureMs: number | undefined;
	#direction: 1 | -1 = 1;
	#abort: AbortController | undefined;
	#failedAt = -Infinity;

	/** Draws into the canvas until the function it gives is called. */
	run(element: HTMLCanvasElement, source: PictureSource, cameraId: number): () => void {
		const canvas = (this.#canvas = new BoxCanvas(element, () => source.shown));
		canvas.watch();
		const abort = (this.#abort = new AbortController());
		let isReading = false;
		const look = async () => {
			const at = this.#captureMs;
			const now = performance.now();
			if (isReading || at === undefined || now - this.#failedAt < restMs) return;
			const [next] = this.#stored.missing(at, this.#direction, now, againMs);
			if (next === undefined) return;
			isReading = true;
			const isRead = await this.#read(cameraId, next, abort.signal);
			isReading = false;
			if (abort.signal.aborted) return;
			if (isRead) void look();
			else this.#failedAt = performance.now();
		};
		const unwatch = source.watchFrames((captureMs) => {
			if (this.#captureMs !== undefined && captureMs !== this.#captureMs) this.#direction = captureMs > this.#captureMs ? 1 : -1;
			this.#captureMs = captureMs;
			this.#match();
			void look();
		});
		// A picture that stands still at the end of what is recorded asks by itself.
		const timer = setInterval(() => void look(), againMs);
		return () => {
			abort.abort();
			unwatch();
			clearInterval(timer);
			canvas.close();
			this.#stored.clear();
			this.#drawn = nothing();
			this.#captureMs = undefined;
			this.#canvas = undefined;
		};
	}

	async #read(cameraId: number, index: number, signal: AbortSignal): Promise<boolean> {
		const [from, to] = [index * stretchMs, (index + 1) * stretchMs];
		const isOpen = Date.now() < to + settledMs;
		const results: AiResultView[] = [];
		let cursor: string | undefined;
		for (let page = 0; page < mostPages; page++) {
			const answer = await api.get<{ items: AiResultView[]; next_cursor?: string | null }>('/ai-results', { query: { camera_id: cameraId, from, to, limit: pageSize, cursor }, signal });
			if (answer.kind !== 'ok') return false;
			results.push(...answer.value.items);
			cursor = answer.value.next_cursor ?? undefined;
			if (!cursor) break;
		}
		this.#stored.put(index, results, { isOpen, readAt: performance.now() });
		this.hasAny ||= this.#stored.hasAny;
		this.#match();
		return true;
	}

	#match(): void {
		if (this.#captureMs === undefined) return;
		this.#stored.match(this.#captureMs, this.#found);
		if (isSame(this.#found, this.#drawn)) return;
		[this.#drawn, this.#found] = [this.#found, this.#drawn];
		this.#canvas?.show(this.#drawn);
	}
}
