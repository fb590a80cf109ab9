/** The cameras on the playback page: one engine each, driven together. */
import { api, apiUrl, type Failure, type TimelineTrack, type TimelineView } from '$lib/api';
import { stretchesOf } from '$lib/timeline/view';
import type { TimelineRow } from '$lib/timeline/draw';
import { PlaybackTile } from './tile.svelte';
import { nextSpeed } from './state';

export interface DeckCamera {
	readonly name: string;
	readonly path: string;
}

/** Most cameras side by side. */
export const MAX_TILES = 9;

export class PlaybackDeck {
	cameras = $state.raw<DeckCamera[]>([]);
	tiles = $state.raw<PlaybackTile[]>([]);
	selected = $state(0);
	speed = $state(1);
	isPlaying = $state(false);
	tracks = $state.raw<TimelineTrack[]>([]);
	problem = $state.raw<Failure>();
	isLoading = $state(false);
	#wanted = $state(0);

	constructor(from: number) {
		this.#wanted = from;
	}

	/** Where the deck is: the selected tile's picture, or what was asked while it loads. */
	readonly position = $derived.by(() => this.tiles[this.selected]?.position ?? this.#wanted);

	readonly rows: TimelineRow[] = $derived(
		this.cameras.map((camera, index) => {
			const track = this.tracks.find((one) => one.path === camera.path);
			return {
				label: camera.name,
				coverage: stretchesOf(track?.coverage ?? []),
				gaps: track?.gaps ?? [],
				selected: index === this.selected
			};
		})
	);

	show(cameras: DeckCamera[]): void {
		const at = this.position;
		const held = this.tiles;
		this.cameras = cameras.slice(0, MAX_TILES);
		this.tiles = this.cameras.map(({ path }) => held.find((tile) => tile.path === path) ?? new PlaybackTile(path, at));
		this.selected = Math.min(this.selected, Math.max(0, this.cameras.length - 1));
	}

	/** Reads coverage and gaps of what is visible; keeps the old ones when it fails. */
	async load(from: number, to: number, widthPx: number, signal: AbortSignal): Promise<void> {
		if (this.cameras.length === 0) {
			this.tracks = [];
			return;
		}
		this.isLoading = true;
		const answer = await api.get<TimelineView>('/timeline', {
			query: {
				paths: this.cameras.map((camera) => camera.path).join(','),
				from: Math.floor(from),
				to: Math.ceil(to),
				resolution_ms: Math.max(1, Math.floor((to - from) / Math.max(1, widthPx)))
			},
			signal
		});
		if (answer.kind === 'aborted') return;
		this.isLoading = false;
		this.problem = answer.kind === 'error' ? answer : undefined;
		if (answer.kind === 'ok') this.tracks = answer.value.tracks;
	}

	seek(at: number): void {
		this.#wanted = at;
		for (const tile of this.tiles) tile.seek(at);
	}

	play(speed = this.speed): void {
		this.speed = speed;
		this.isPlaying = true;
		for (const tile of this.tiles) tile.play(speed);
	}

	pause(): void {
		this.isPlaying = false;
		for (const tile of this.tiles) tile.pause();
	}

	toggle(): void {
		if (this.isPlaying) this.pause();
		else this.play();
	}

	step(frames: 1 | -1): void {
		this.isPlaying = false;
		for (const tile of this.tiles) tile.step(frames);
	}

	faster(direction: 1 | -1): void {
		const speed = nextSpeed(this.speed, direction);
		this.speed = speed;
		if (this.isPlaying) this.play(speed);
	}

	clipUrl(camera: DeckCamera, from: number, to: number): string {
		return apiUrl(`/playback/${camera.path}/clip.mp4`, { from: Math.round(from), to: Math.round(to) });
	}

	thumbnailUrl(camera: DeckCamera, at: number): string {
		// On a grid, so that the browser's cache and the server's serve neighbours.
		return apiUrl(`/playback/${camera.path}/frame.jpg`, { at: Math.floor(at / 2000) * 2000, max_height: 144 });
	}
}
