/** Reactive shell around one playback engine: state for components, at most four updates a second. */
import { socketUrl } from '$lib/api';
import type { ShownPicture } from '$lib/player';
import { abilities, codecList } from '$lib/player/probe';
import type { Footing } from './clock';
import { PlaybackEngine } from './engine';
import type { PlaybackState } from './state';

/** Components hear of a moving playhead this often. */
const UPDATE_MS = 250;

export class PlaybackTile {
	state = $state.raw<PlaybackState>({ kind: 'connecting' });
	/** Wall clock of the picture on screen, UTC milliseconds; the moment asked for while there is none. */
	position = $state(0);
	hasSound = $state(false);
	#isAudible = false;
	#engine: PlaybackEngine | undefined;
	#last = 0;
	#watchers: ((captureMs: number) => void)[] = [];
	/** What the engine shall do once it is there. */
	#wanted: { at: number; speed: number | undefined };

	constructor(
		readonly path: string,
		from: number,
		/** Hears every state, also between updates. */
		private readonly onstate: (tile: PlaybackTile, state: PlaybackState) => void = () => {}
	) {
		this.position = from;
		this.#wanted = { at: from, speed: undefined };
	}

	/** For a Svelte attachment: opens on the canvas, closes when it goes. */
	attach = (canvas: HTMLCanvasElement): (() => void) => {
		let isGone = false;
		let engine: PlaybackEngine | undefined;
		void abilities().then((can) => {
			if (isGone) return;
			const url = socketUrl(`/playback/${this.path}`, { codecs: codecList(can, 'webcodecs'), audio: true });
			engine = new PlaybackEngine(url, canvas, (state) => this.#hear(state), this.#wanted.at);
			this.#engine = engine;
			engine.onpaint = (at) => this.#painted(at);
			engine.setAudible(this.#isAudible);
			if (this.#wanted.speed !== undefined) engine.play(this.#wanted.at, this.#wanted.speed);
			engine.open();
		});
		return () => {
			isGone = true;
			engine?.close();
			if (this.#engine === engine) this.#engine = undefined;
		};
	};

	/** Hears the moment of each picture that comes on screen, and of the one that is there, until the function it gives is called. */
	watchFrames(watcher: (captureMs: number) => void): () => void {
		this.#watchers = [...this.#watchers, watcher];
		const painted = this.#engine?.painted;
		if (painted !== undefined) watcher(painted);
		return () => (this.#watchers = this.#watchers.filter((one) => one !== watcher));
	}

	/** What lies below the boxes. */
	get shown(): ShownPicture | undefined {
		const canvas = this.#engine?.canvas;
		return canvas && { element: canvas, width: canvas.width, height: canvas.height };
	}

	/** Absent until the canvas stands. */
	get footing(): Footing | undefined {
		return this.#engine?.footing;
	}

	play(at: number, speed: number): void {
		this.#wanted = { at, speed };
		this.#engine?.play(at, speed);
	}

	pause(at: number): void {
		this.#wanted = { at, speed: undefined };
		this.#engine?.pause(at);
	}

	/** Shows one moment, paused. */
	show(at: number): void {
		this.#wanted = { at, speed: undefined };
		this.position = at;
		this.#engine?.show(at);
	}

	step(frames: 1 | -1): void {
		this.#engine?.step(frames);
	}

	setAudible(isAudible: boolean): void {
		this.#isAudible = isAudible;
		this.#engine?.setAudible(isAudible);
	}

	tick(at: number): void {
		this.#wanted.at = at;
		this.#engine?.tick(at);
	}

	retry(): void {
		this.#engine?.open();
	}

	#painted(at: number): void {
		for (const watcher of this.#watchers) watcher(at);
	}

	#hear(state: PlaybackState): void {
		this.onstate(this, state);
		const now = performance.now();
		const isSteady = state.kind === this.state.kind && (state.kind === 'playing' || state.kind === 'gap');
		if (isSteady && now - this.#last < UPDATE_MS) return;
		this.#last = now;
		this.state = state;
		this.hasSound = this.#engine?.hasSound ?? false;
		if ('at' in state && (state.kind === 'playing' || state.kind === 'paused')) this.position = state.at;
	}
}
