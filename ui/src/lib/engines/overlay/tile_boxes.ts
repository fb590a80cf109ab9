/**
 * The boxes over one tile's picture. Plain code on the frame path: with each picture that comes on screen it looks up the
 * results of the moment the picture was taken, and draws only when they are others than those that stand there.
 */
import type { ShownPicture } from '$lib/player';
import type { LiveResult } from '../wire';
import { holdMs, ResultBuffer, type Entry } from './buffer';
import { resultFeed } from './feed';
import { paint, type Box } from './paint';
import { pictureIn, positionOf, type Zoomed } from './place';
import { boxText } from './words';

/** A node may find a thousand objects; so many are drawn of each scene. */
const mostBoxes = 100;
/** A narrower tile, in pixels of the page, shows boxes without words. */
const leastLabelled = 240;

/** Whoever shows pictures and says when. */
export interface PictureSource {
	watchFrames(listener: (captureMs: number) => void): () => void;
	readonly shown: ShownPicture | undefined;
}

export class TileBoxes {
	readonly #buffer = new ResultBuffer();
	readonly #words = new WeakMap<Entry, Omit<Box, 'isLate'>[]>();
	#canvas: HTMLCanvasElement | undefined;
	#context: CanvasRenderingContext2D | null = null;
	#zoom: Zoomed = { scale: 1, x: 0, y: 0 };
	/** Device pixels. */
	#size = { width: 0, height: 0 };
	/** How the browser lays the picture into the tile; it may differ by the tile's size. */
	#position: { of: Element; share: [number, number] } | undefined;
	#drawn = nothing();
	#found = nothing();
	#captureMs: number | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(private readonly source: PictureSource) {}

	/** Draws into the canvas until the function it gives is called. */
	run(canvas: HTMLCanvasElement, cameraId: number): () => void {
		this.#canvas = canvas;
		canvas.hidden = true;
		const resized = new ResizeObserver(([entry]) => this.#resize(entry));
		let unwatch: (() => void) | undefined;
		const unfollow = resultFeed.follow(cameraId, (result) => {
			// Who has no results pays nothing for them.
			if (!unwatch) {
				unwatch = this.source.watchFrames((captureMs) => this.#onFrame(captureMs));
				resized.observe(canvas.parentElement ?? canvas);
			}
			this.#hear(result);
		});
		return () => {
			unfollow();
			unwatch?.();
			resized.disconnect();
			clearTimeout(this.#timer);
			this.#timer = undefined;
			this.#buffer.clear();
			this.#drawn = nothing();
			this.#captureMs = undefined;
			this.#canvas = undefined;
			this.#context = null;
		};
	}

	setZoom(zoom: Zoomed): void {
		this.#zoom = zoom;
		if (hasAny(this.#drawn)) this.#draw();
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
		if (isSame(this.#found.inStep, this.#drawn.inStep) && isSame(this.#found.late, this.#drawn.late)) return;
		[this.#drawn, this.#found] = [this.#found, this.#drawn];
		this.#draw();
	}

	/** A picture that stands still gets no frames to clear it with. One timer, however many results come. */
	#clearLater(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			if (this.#captureMs !== undefined) this.#onFrame(this.#captureMs);
			if (hasAny(this.#drawn)) this.#clearLater();
		}, holdMs);
	}

	#resize(entry: ResizeObserverEntry | undefined): void {
		this.#position = undefined;
		const exact = entry?.devicePixelContentBoxSize?.[0];
		const ratio = devicePixelRatio;
		const box = entry?.contentRect;
		this.#size = exact ? { width: exact.inlineSize, height: exact.blockSize } : { width: Math.round((box?.width ?? 0) * ratio), height: Math.round((box?.height ?? 0) * ratio) };
		if (hasAny(this.#drawn)) this.#draw();
	}

	#draw(): void {
		const canvas = this.#canvas;
		const shown = this.source.shown;
		if (!canvas) return;
		const boxes = [...this.#drawn.inStep.flatMap((entry) => this.#boxesOf(entry, false)), ...this.#drawn.late.flatMap((entry) => this.#boxesOf(entry, true))];
		const ratio = devicePixelRatio;
		const picture = shown && pictureIn(this.#size, shown, this.#shareOf(shown.element), this.#zoom);
		canvas.hidden = boxes.length === 0 || !picture;
		canvas.dataset.late = String(this.#drawn.late.length > 0);
		canvas.dataset.boxes = String(canvas.hidden ? 0 : boxes.length);
		if (canvas.hidden || !picture) return;
		if (canvas.width !== this.#size.width || canvas.height !== this.#size.height) {
			canvas.width = this.#size.width;
			canvas.height = this.#size.height;
		}
		this.#context ??= canvas.getContext('2d');
		if (this.#context) paint(this.#context, boxes, { tile: this.#size, picture, ratio, hasLabels: this.#size.width >= leastLabelled * ratio });
	}

	#shareOf(element: Element): [number, number] {
		if (this.#position?.of !== element) this.#position = { of: element, share: positionOf(getComputedStyle(element).objectPosition) };
		return this.#position.share;
	}

	#boxesOf(entry: Entry, isLate: boolean): Box[] {
		const boxes = this.#words.get(entry) ?? entry.scene.objects.slice(0, mostBoxes).map((object) => ({ bbox: object.bbox, text: boxText(object), isAlarm: entry.scene.is_alarm }));
		this.#words.set(entry, boxes);
		return boxes.map((box) => ({ ...box, isLate }));
	}
}

interface Matched {
	inStep: Entry[];
	/** Of pictures that have gone by. */
	late: Entry[];
}

const nothing = (): Matched => ({ inStep: [], late: [] });

function hasAny({ inStep, late }: Matched): boolean {
	return inStep.length > 0 || late.length > 0;
}

function isSame(a: readonly Entry[], b: readonly Entry[]): boolean {
	return a.length === b.length && a.every((entry, index) => entry === b[index]);
}
