/** The wall on screen: which camera on which tile, what is selected, and the way back. */
import type { GridView, LayoutView } from '$lib/api';
import { toasts } from '$lib/design/primitives';
import { t, type Key } from '$lib/i18n';
import { preferences } from '$lib/state/preferences.svelte';
import { camerasOf, filled, isGrid, landing, place, preset, presetFor, refit, remove, swap, togglePin, withPreset, without, type PresetCount } from './grid';

interface Moment {
	grid: GridView;
	spare: number[];
	layoutId: number | null;
	did: Key;
}

const undoDepth = 50;

class Wall {
	grid = $state.raw<GridView>(preset(4));
	/** Cameras that the present layout has no room for. */
	#spare: number[] = [];
	layoutId = $state<number | null>(null);
	selected = $state(0);
	/** The tile that fills the wall. */
	enlarged = $state<number | null>(null);
	/** The tile whose camera is being moved; ends when another is selected. */
	ptz = $state<number | null>(null);
	/** The selected tile is heard; sound follows the selection. */
	isListening = $state(false);
	undos = $state.raw<Moment[]>([]);
	#isRestored = false;

	get selectedCamera(): number | null {
		return this.grid.tiles[this.selected]?.camera_id ?? null;
	}

	/** The tile one hears. */
	get audible(): number | null {
		return this.isListening ? this.selected : null;
	}

	/** Brings back the last wall, or fills a new one with the cameras that are switched on. */
	restore(cameras: readonly number[], enabled: readonly number[]): void {
		if (this.#isRestored || cameras.length === 0) return;
		this.#isRestored = true;
		try {
			const held = JSON.parse(preferences.lastWall ?? 'null') as { grid?: unknown; spare?: unknown; layoutId?: unknown } | null;
			if (held && isGrid(held.grid)) {
				this.grid = held.grid;
				this.#spare = Array.isArray(held.spare) ? held.spare.filter(Number.isInteger) : [];
				this.layoutId = typeof held.layoutId === 'number' ? held.layoutId : null;
				this.drop(cameras);
				if (camerasOf(this.grid).some((id) => id !== null)) return;
			}
		} catch {
			// Not ours: a new wall.
		}
		this.grid = preset(presetFor(enabled.length), enabled);
		this.#spare = enabled.slice(this.grid.tiles.length);
		// With the first one that is switched on.
		this.#isRestored = enabled.length > 0;
	}

	/** Cameras that are gone leave the wall. */
	drop(cameras: readonly number[]): void {
		const known = new Set(cameras);
		this.grid = without(this.grid, (id) => known.has(id));
		this.#spare = this.#spare.filter((id) => known.has(id));
	}

	setPreset(count: PresetCount): void {
		const next = withPreset(this.grid, count, this.#spare);
		this.#change('wall.did.layout', next.grid, next.spare, null);
	}

	/** An arrangement made by hand. A saved layout stays the one being worked on, so that it can be saved again. */
	arrange(shape: GridView): void {
		const kept = new Set(camerasOf(shape));
		const lost = camerasOf(this.grid).filter((id) => id !== null && !kept.has(id));
		const next = refit(shape, shape, [...lost, ...this.#spare] as number[]);
		this.#change('wall.did.layout', next.grid, next.spare);
	}

	fill(cameras: readonly number[]): void {
		const next = filled(this.grid, cameras);
		this.#change('wall.did.fill', next.grid, next.spare, null);
	}

	/** A pinned tile keeps its camera: the next one that is not pinned takes the call. */
	place(index: number, ids: readonly number[]): void {
		if (ids.length === 0) return;
		const [only] = ids;
		const pinnedAt = ids.length === 1 ? this.grid.tiles.findIndex((tile) => tile.pinned && tile.camera_id === only) : -1;
		if (pinnedAt >= 0) {
			this.select(pinnedAt);
			return;
		}
		const to = landing(this.grid, index);
		const next = place(this.grid, index, ids);
		if (to === undefined || next === this.grid) {
			toasts.show({ kind: 'info', text: t('wall.pinned.all') });
			return;
		}
		const enlarged = this.enlarged;
		this.#change('wall.did.place', next);
		this.selected = to;
		// A camera called while one tile fills the wall is what the operator wants to see.
		if (enlarged !== null && ids.length === 1) this.enlarged = to;
	}

	/** Selects a tile; while one fills the wall, the selected one does. */
	select(index: number): void {
		this.selected = index;
		if (this.enlarged !== null) this.enlarged = index;
	}

	togglePin(index: number): void {
		const next = togglePin(this.grid, index);
		if (next === this.grid) return;
		this.#change('wall.did.pin', next);
	}

	togglePtz(index: number): void {
		this.ptz = this.ptz === index ? null : index;
		this.selected = index;
	}

	toggleListening(index: number): void {
		this.isListening = this.audible !== index;
		this.selected = index;
	}

	/** On the selected tile if it is empty, else on the first empty one, else on the selected. */
	show(ids: readonly number[]): void {
		const held = camerasOf(this.grid);
		const [only] = ids;
		const there = ids.length === 1 && only !== undefined ? held.indexOf(only) : -1;
		if (there >= 0) {
			this.select(there);
			return;
		}
		const free = held[this.selected] === null ? this.selected : held.indexOf(null);
		this.place(free >= 0 ? free : this.selected, ids);
	}

	swap(from: number, to: number): void {
		const next = swap(this.grid, from, to);
		if (next === this.grid) return;
		this.#change('wall.did.place', next);
		this.selected = to;
	}

	remove(index: number): void {
		if ((this.grid.tiles[index]?.camera_id ?? null) === null) return;
		this.#change('wall.did.remove', remove(this.grid, index));
	}

	open(layout: LayoutView): void {
		if (!isGrid(layout.grid)) return;
		this.#change('wall.did.layout', layout.grid, [], layout.id);
	}

	saved(layoutId: number | null): void {
		this.layoutId = layoutId;
		this.#remember();
	}

	undo(): void {
		const last = this.undos.at(-1);
		if (!last) return;
		this.undos = this.undos.slice(0, -1);
		this.#spare = last.spare;
		this.#show(last.grid, last.layoutId);
	}

	#change(did: Key, grid: GridView, spare = this.#spare, layoutId = this.layoutId): void {
		const enlarged = did === 'wall.did.pin' ? this.enlarged : null;
		this.undos = [...this.undos, { grid: this.grid, spare: this.#spare, layoutId: this.layoutId, did }].slice(-undoDepth);
		const shown = new Set(camerasOf(grid));
		this.#spare = spare.filter((id) => !shown.has(id));
		this.#show(grid, layoutId);
		this.enlarged = enlarged;
	}

	#show(grid: GridView, layoutId: number | null): void {
		this.grid = grid;
		this.layoutId = layoutId;
		this.enlarged = null;
		this.selected = Math.min(this.selected, grid.tiles.length - 1);
		this.#remember();
	}

	#remember(): void {
		preferences.lastWall = JSON.stringify({ grid: this.grid, spare: this.#spare, layoutId: this.layoutId });
	}
}

export const wall = new Wall();
