/** Reactive shell around one playback engine: state for components, at most four updates a second. */
import { socketUrl } from '$lib/api';
import { abilities, codecList } from '$lib/player/probe';
import { PlaybackEngine } from './engine';
import type { PlaybackState } from './state';

/** Components hear of a moving playhead this often. */
const UPDATE_MS = 250;

export class PlaybackTile {
	state = $state.raw<PlaybackState>({ kind: 'idle' });
	/** Wall clock of the picture on screen, UTC milliseconds. */
	position = $state(0);
	#engine: PlaybackEngine | undefined;
	#last = 0;

	constructor(
		readonly path: string,
		from: number
	) {
		this.position = from;
	}

	/** For a Svelte attachment: opens on the canvas, closes when it goes. */
	attach = (canvas: HTMLCanvasElement): (() => void) => {
		let isGone = false;
		let engine: PlaybackEngine | undefined;
		void abilities().then((can) => {
			if (isGone) return;
			const codecs = codecList(can, 'webcodecs');
			const url = socketUrl(`/playback/${this.path}`, { from: Math.round(this.position), codecs });
			engine = new PlaybackEngine(url, canvas, (state) => this.#hear(state), this.position);
			this.#engine = engine;
			engine.open();
		});
		return () => {
			isGone = true;
			engine?.close();
			if (this.#engine === engine) this.#engine = undefined;
		};
	};

	play(speed: number): void {
		this.#engine?.play(speed);
	}

	pause(): void {
		this.#engine?.pause();
	}

	seek(at: number): void {
		this.position = at;
		this.#engine?.seek(at);
	}

	step(frames: 1 | -1): void {
		this.#engine?.step(frames);
	}

	retry(): void {
		this.#engine?.open();
	}

	#hear(state: PlaybackState): void {
		const now = performance.now();
		const sameKind = state.kind === this.state.kind;
		if (sameKind && state.kind === 'playing' && now - this.#last < UPDATE_MS) return;
		this.#last = now;
		this.state = state;
		if ('at' in state && state.kind !== 'seeking') this.position = state.at;
	}
}
