/** The wall on screen: which camera on which tile, what is selected, and the way back. */
import type { GridView, LayoutView } from '$lib/api';
import type { Key } from '$lib/i18n';
import { preferences } from '$lib/state/preferences.svelte';
import { camerasOf, isGrid, place, preset, presetFor, remove, swap, withPreset, without, type PresetCount } from './grid';

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
	/** The camera one hears. */
	audible = $state<number | null>(null);
	undos = $state.raw<Moment[]>([]);
	#isRestored = false;

	get selectedCamera(): number | null {
		return this.grid.tiles[this.selected]?.camera_id ?? null;
	}

	/** Brings back the last wall, or fills a new one with the cameras there are. */
	restore(cameras: readonly number[]): void {
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
		this.grid = preset(presetFor(cameras.length), cameras);
		this.#spare = cameras.slice(this.grid.tiles.length);
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

	fill(cameras: readonly number[]): void {
		const count = presetFor(cameras.length, 64);
		this.#change('wall.did.fill', preset(count, cameras), cameras.slice(count), null);
	}

	place(index: number, ids: readonly number[]): void {
		if (ids.length === 0) return;
		this.#change('wall.did.place', place(this.grid, index, ids));
		this.selected = index;
	}

	/** On the selected tile if it is empty, else on the first empty one, else on the selected. */
	show(ids: readonly number[]): void {
		const held = camerasOf(this.grid);
		const [only] = ids;
		const there = ids.length === 1 && only !== undefined ? held.indexOf(only) : -1;
		if (there >= 0) {
			this.selected = there;
			return;
		}
		const free = held[this.selected] === null ? this.selected : held.indexOf(null);
		this.place(free >= 0 ? free : this.selected, ids);
	}

	swap(from: number, to: number): void {
		if (from === to) return;
		this.#change('wall.did.place', swap(this.grid, from, to));
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
		this.undos = [...this.undos, { grid: this.grid, spare: this.#spare, layoutId: this.layoutId, did }].slice(-undoDepth);
		this.#spare = spare;
		this.#show(grid, layoutId);
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
