/**
 * What a tile has on screen: the renderer that shows, and the one that is being filled to take its place. A picture
 * stays until the next one is there.
 */
import type { ServerClock } from './clock';
import type { Frame } from './framing';
import { JpegRenderer } from './jpeg';
import type { LiveHello } from './messages';
import { MseRenderer } from './mse';
import type { Renderer, RendererStats } from './renderer';
import { StillRenderer } from './still';
import { WebCodecsRenderer } from './webcodecs';

export interface StageEvents {
	/** `isLive` is false for stills, however young. */
	onPresented(captureMs: number, isLive: boolean): void;
	/** A renderer gave up, or none could be made. */
	onBroken(): void;
}

export interface StillSource {
	snapshotUrl(): string;
	clock: ServerClock;
}

export interface Scene {
	way: RendererStats['way'];
	isReplay: boolean;
}

/** A picture element and the size of the picture it holds, pixels. */
export interface ShownPicture {
	element: Element;
	width: number;
	height: number;
}

export class Stage {
	readonly root = document.createElement('div');
	#shown: Renderer | undefined;
	/** Being filled while the old one still shows its picture. */
	#incoming: Renderer | undefined;
	/** Broken, but its last picture stays until another shows; it gets no more data. */
	#deaf: Renderer | undefined;
	/** Of the newest renderer; undefined: it fits no scene any more. */
	#isReplay: boolean | undefined = false;
	#isDisposed = false;

	constructor(
		private readonly stills: StillSource,
		private readonly events: StageEvents
	) {
		this.root.className = 'player';
	}

	/** A renderer for what comes now: the newest if it fits, else another one beside it. */
	prepare(scene: Scene, hello: LiveHello): void {
		const current = this.#incoming ?? this.#shown;
		const fits = current?.stats().way === scene.way && this.#isReplay === scene.isReplay;
		if (fits) return current?.configure(hello);
		this.dropIncoming();
		this.#isReplay = scene.isReplay;
		this.#incoming = this.#make(scene);
		this.#incoming?.configure(hello);
		if (!this.#shown && this.#incoming) this.#show(this.#incoming);
	}

	/** One picture after another, which needs no connection. */
	prepareStills(): void {
		this.dropIncoming();
		if (this.#shown?.stats().way === 'still') return;
		this.#incoming = this.#make({ way: 'still', isReplay: false });
	}

	/** The next scene gets a new renderer, however like the last one it is. */
	outdate(): void {
		this.#isReplay = undefined;
	}

	push(frame: Frame): void {
		const target = this.#incoming ?? this.#shown;
		if (target && target !== this.#deaf) target.push(frame);
	}

	tick(): void {
		this.#shown?.tick();
		this.#incoming?.tick();
	}

	nudge(): void {
		this.#shown?.nudge();
	}

	suspend(): void {
		this.#shown?.suspend();
		this.#incoming?.suspend();
	}

	attached(): void {
		this.#shown?.attached();
		this.#incoming?.attached();
	}

	/** What shows is the newest there is. */
	get isSettled(): boolean {
		return this.#shown !== undefined && this.#incoming === undefined;
	}

	get picture(): ShownPicture | undefined {
		const element = this.#shown?.element;
		if (!element) return undefined;
		if (element instanceof HTMLVideoElement) return { element, width: element.videoWidth, height: element.videoHeight };
		if (element instanceof HTMLImageElement) return { element, width: element.naturalWidth, height: element.naturalHeight };
		return { element, width: element.width, height: element.height };
	}

	get dropped(): number {
		return this.#shown?.stats().dropped ?? 0;
	}

	stats(): RendererStats | undefined {
		return (this.#shown ?? this.#incoming)?.stats();
	}

	dropIncoming(): void {
		this.#incoming?.dispose();
		this.#incoming = undefined;
	}

	dispose(): void {
		this.#isDisposed = true;
		this.dropIncoming();
		this.#shown?.dispose();
		this.root.remove();
	}

	#make({ way, isReplay }: Scene): Renderer | undefined {
		const events = {
			onPresented: ({ captureMs }: { captureMs: number }) => this.#presented(renderer, captureMs, way !== 'still'),
			onBroken: () => this.#broke(renderer)
		};
		let renderer: Renderer | undefined;
		try {
			if (way === 'jpeg') renderer = new JpegRenderer(events);
			else if (way === 'webcodecs') renderer = new WebCodecsRenderer(events);
			else if (way === 'mse') renderer = new MseRenderer(events, { isReplay });
			else renderer = new StillRenderer(() => this.stills.snapshotUrl(), this.stills.clock, events);
		} catch {
			queueMicrotask(() => this.#broke(undefined));
		}
		return renderer;
	}

	#show(renderer: Renderer): void {
		const old = this.#shown;
		this.#shown = renderer;
		if (this.#incoming === renderer) this.#incoming = undefined;
		this.root.replaceChildren(renderer.element);
		old?.dispose();
		renderer.attached();
	}

	#isOn(renderer: Renderer): boolean {
		return renderer === this.#shown || renderer === this.#incoming;
	}

	#presented(renderer: Renderer | undefined, captureMs: number, isLive: boolean): void {
		if (this.#isDisposed || !renderer || !this.#isOn(renderer)) return;
		if (renderer === this.#incoming) this.#show(renderer);
		this.events.onPresented(captureMs, isLive);
	}

	#broke(renderer: Renderer | undefined): void {
		if (this.#isDisposed || (renderer && !this.#isOn(renderer))) return;
		if (renderer === this.#incoming) this.dropIncoming();
		else this.#deaf = renderer;
		this.events.onBroken();
	}
}
