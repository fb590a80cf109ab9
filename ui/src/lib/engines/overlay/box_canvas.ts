/** The canvas over one picture that boxes are drawn on, as large as its tile and sharp on any screen. */
import type { ShownPicture } from '$lib/player';
import type { Entry } from './buffer';
import { paint, type Box } from './paint';
import { pictureIn, positionOf, type Zoomed } from './place';
import { boxText } from './words';

/** A node may find a thousand objects; so many are drawn of each scene. */
const mostBoxes = 100;
/** A narrower tile, in pixels of the page, shows boxes without words. */
const leastLabelled = 240;

/** What belongs on a picture. */
export interface Matched {
	inStep: Entry[];
	/** Of pictures that have gone by. */
	late: Entry[];
}

export const nothing = (): Matched => ({ inStep: [], late: [] });

export function hasAny({ inStep, late }: Matched): boolean {
	return inStep.length > 0 || late.length > 0;
}

export function isSame(a: Matched, b: Matched): boolean {
	return sameEntries(a.inStep, b.inStep) && sameEntries(a.late, b.late);
}

function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
	return a.length === b.length && a.every((entry, index) => entry === b[index]);
}

export class BoxCanvas {
	readonly #words = new WeakMap<Entry, Omit<Box, 'isLate'>[]>();
	#context: CanvasRenderingContext2D | null = null;
	readonly #resized = new ResizeObserver(([entry]) => this.#resize(entry));
	#zoom: Zoomed = { scale: 1, x: 0, y: 0 };
	/** Device pixels. */
	#size = { width: 0, height: 0 };
	/** How the browser lays the picture into the tile; it may differ by the tile's size. */
	#position: { of: Element; share: [number, number] } | undefined;
	#drawn = nothing();

	constructor(
		readonly canvas: HTMLCanvasElement,
		/** The picture below it; undefined while there is none. */
		private readonly shown: () => ShownPicture | undefined
	) {
		canvas.hidden = true;
	}

	/** Follows the tile's size from now on. */
	watch(): void {
		this.#resized.observe(this.canvas.parentElement ?? this.canvas);
	}

	close(): void {
		this.#resized.disconnect();
	}

	setZoom(zoom: Zoomed): void {
		this.#zoom = zoom;
		if (hasAny(this.#drawn)) this.#draw();
	}

	/** `matched` is kept: the caller fills another one next. */
	show(matched: Matched): void {
		this.#drawn = matched;
		this.#draw();
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
		const { canvas } = this;
		const shown = this.shown();
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
		// Who never has boxes needs no drawing surface.
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
