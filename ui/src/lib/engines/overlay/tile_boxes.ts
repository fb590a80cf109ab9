/**
 * The boxes over one tile's picture. Plain code on the frame path: with each picture that comes on screen it looks up the
 * results of the moment the picture was taken, and draws only when they are others than those that stand there.
 */
import type { ShownPicture } from '$lib/player';
import type { LiveResult } from '../wire';
import { BoxCanvas, hasAny, isSame, nothing } from './box_canvas';
import { holdMs, ResultBuffer } from './buffer';
import { resultFeed } from './feed';
import type { Zoomed } from './place';

/** Whoever shows pictures and says when. */
export interface PictureSource {
	watchFrames(listener: (captureMs: number) => void): () => void;
	readonly shown: ShownPicture | undefined;
}

export class TileBoxes {
	readonly #buffer = new ResultBuffer();
	#canvas: BoxCanvas | undefined;
	#zoom: Zoomed = { scale: 1, x: 0, y: 0 };
	#drawn = nothing();
	#found = nothing();
	#captureMs: number | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(private readonly source: PictureSource) {}

	/** Draws into the canvas until the function it gives is called. */
	run(element: HTMLCanvasElement, cameraId: number): () => void {
		const canvas = (this.#canvas = new BoxCanvas(element, () => this.source.shown));
		canvas.setZoom(this.#zoom);
		let unwatch: (() => void) | undefined;
		const unfollow = resultFeed.follow(cameraId, (result) => {
			// Who has no results pays nothing for them.
			if (!unwatch) {
				unwatch = this.source.watchFrames((captureMs) => this.#onFrame(captureMs));
				canvas.watch();
			}
			this.#hear(result);
		});
		return () => {
			unfollow();
			unwatch?.();
			canvas.close();
			clearTimeout(this.#timer);
			this.#timer = undefined;
			this.#buffer.clear();
			this.#drawn = nothing();
			this.#captureMs = undefined;
			this.#canvas = undefined;
		};
	}

	setZoom(zoom: Zoomed): void {
		this.#zoom = zoom;
		this.#canvas?.setZoom(zoom);
	}

	#hear(result: LiveResult): void {
		this.#buffer.add(result, performance.now());
		this.#clearLater();
		// It may be about the picture that is on screen already.
		if (this.#captureMs !== undefined) this.#onFrame(this.#captureMs);
	}

	#onFrame(captureMs: number): void {
		this.#captureMs = captureMs;
		if (this.#buffer.isEmpty) return;
		this.#buffer.match(captureMs, performance.now(), this.#found.inStep, this.#found.late);
		if (isSame(this.#found, this.#drawn)) return;
		[this.#drawn, this.#found] = [this.#found, this.#drawn];
		this.#canvas?.show(this.#drawn);
	}

	/** A picture that stands still gets no frames to clear it with. One timer, however many results come. */
	#clearLater(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			if (this.#captureMs !== undefined) this.#onFrame(this.#captureMs);
			if (hasAny(this.#drawn)) this.#clearLater();
		}, holdMs);
	}
}
