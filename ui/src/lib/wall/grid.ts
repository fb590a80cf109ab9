/** Arrangements of tiles: presets, and moving cameras about on them. Pure; every function returns a new grid. */
import type { GridView, TileView } from '$lib/api';

export const presetCounts = [1, 4, 6, 8, 9, 10, 13, 16, 25, 36, 49, 64] as const;
export type PresetCount = (typeof presetCounts)[number];

type Cell = readonly [column: number, row: number, columns: number, rows: number];

const even = (side: number): Cell[] => Array.from({ length: side * side }, (_, index) => [index % side, Math.floor(index / side), 1, 1]);
const small = (cells: [number, number][]): Cell[] => cells.map(([column, row]) => [column, row, 1, 1]);

/** One large tile at the top left and small ones along its right and lower edge. */
function cornered(side: number): Cell[] {
	const large = side - 1;
	const right = Array.from({ length: side }, (_, row): [number, number] => [large, row]);
	const below = Array.from({ length: large }, (_, column): [number, number] => [column, large]);
	return [[0, 0, large, large], ...small([...right, ...below])];
}

function presetCells(count: PresetCount): { side: number; cells: Cell[] } {
	switch (count) {
		case 6:
			return { side: 3, cells: cornered(3) };
		case 8:
			return { side: 4, cells: cornered(4) };
		case 10:
			return { side: 4, cells: [[0, 0, 2, 2], [2, 0, 2, 2], ...even(4).filter(([, row]) => row >= 2)] };
		case 13:
			return { side: 4, cells: [[1, 1, 2, 2], ...even(4).filter(([column, row]) => !(column % 3 && row % 3))] };
		default: {
			const side = Math.sqrt(count);
			return { side, cells: even(side) };
		}
	}
}

export function preset(count: PresetCount, cameras: readonly (number | null)[] = []): GridView {
	const { side, cells } = presetCells(count);
	return {
		columns: side,
		rows: side,
		tiles: cells.map(([column, row, column_span, row_span], index) => ({ column, row, column_span, row_span, camera_id: cameras[index] ?? null }))
	};
}

/** The smallest preset with room for `cameras`, at most `most`. */
export function presetFor(cameras: number, most: PresetCount = 16): PresetCount {
	return presetCounts.find((count) => count >= cameras || count === most) ?? most;
}

export function camerasOf(grid: GridView): (number | null)[] {
	return grid.tiles.map((tile) => tile.camera_id ?? null);
}

/** What does not fit a smaller preset waits in `spare` and comes back with a larger one. */
export function withPreset(grid: GridView, count: PresetCount, spare: readonly number[]): { grid: GridView; spare: number[] } {
	const held = camerasOf(grid);
	const shown = held.filter((id) => id !== null);
	if (shown.length > count) return { grid: preset(count, shown.slice(0, count)), spare: [...shown.slice(count), ...spare] };
	const kept: (number | null)[] = held.length > count ? shown : [...held];
	const rest = [...spare];
	for (let index = 0; index < count && rest.length; index++) if ((kept[index] ?? null) === null) kept[index] = rest.shift() ?? null;
	return { grid: preset(count, kept), spare: rest };
}

function withCameras(grid: GridView, cameras: readonly (number | null)[]): GridView {
	return { ...grid, tiles: grid.tiles.map((tile, index) => ({ ...tile, camera_id: cameras[index] ?? null })) };
}

/** Puts cameras from tile `index` on. One camera that is already elsewhere swaps places with what it lands on. */
export function place(grid: GridView, index: number, ids: readonly number[]): GridView {
	const cameras = camerasOf(grid);
	const [only] = ids;
	if (ids.length === 1 && only !== undefined) {
		const from = cameras.indexOf(only);
		if (from >= 0) cameras[from] = cameras[index] ?? null;
		cameras[index] = only;
		return withCameras(grid, cameras);
	}
	for (const id of ids) {
		const from = cameras.indexOf(id);
		if (from >= 0) cameras[from] = null;
	}
	ids.forEach((id, offset) => {
		if (index + offset < cameras.length) cameras[index + offset] = id;
	});
	return withCameras(grid, cameras);
}

export function swap(grid: GridView, from: number, to: number): GridView {
	const cameras = camerasOf(grid);
	[cameras[from], cameras[to]] = [cameras[to] ?? null, cameras[from] ?? null];
	return withCameras(grid, cameras);
}

export function remove(grid: GridView, index: number): GridView {
	return withCameras(
		grid,
		camerasOf(grid).map((id, at) => (at === index ? null : id))
	);
}

/** Takes cameras off that no longer exist. The same grid when all do. */
export function without(grid: GridView, exists: (id: number) => boolean): GridView {
	const cameras = camerasOf(grid);
	if (cameras.every((id) => id === null || exists(id))) return grid;
	return withCameras(
		grid,
		cameras.map((id) => (id !== null && exists(id) ? id : null))
	);
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The tile an arrow key leads to: the nearest one whose centre lies that way. Stays where it is at the edge. */
export function neighbour(grid: GridView, index: number, direction: Direction): number {
	const here = grid.tiles[index];
	if (!here) return 0;
	const centre = (tile: TileView) => ({ x: tile.column + tile.column_span / 2, y: tile.row + tile.row_span / 2 });
	const from = centre(here);
	let best = index;
	let least = Infinity;
	grid.tiles.forEach((tile, at) => {
		const to = centre(tile);
		const [along, across] = {
			left: [from.x - to.x, from.y - to.y],
			right: [to.x - from.x, from.y - to.y],
			up: [from.y - to.y, from.x - to.x],
			down: [to.y - from.y, from.x - to.x]
		}[direction] as [number, number];
		const distance = along + 2 * Math.abs(across);
		if (along > 0.01 && distance < least) {
			least = distance;
			best = at;
		}
	});
	return best;
}

/** Whether a value from storage or the site is an arrangement that can be shown: inside the grid, nothing overlapping. */
export function isGrid(value: unknown): value is GridView {
	const grid = value as GridView | null;
	if (typeof grid !== 'object' || grid === null || !Array.isArray(grid.tiles) || grid.tiles.length === 0) return false;
	const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= 8;
	if (!isSide(grid.columns) || !isSide(grid.rows)) return false;
	const taken = new Set<number>();
	return grid.tiles.every((tile) => {
		const { column, row, column_span, row_span } = tile;
		if (![column, row, column_span, row_span].every(Number.isInteger) || column < 0 || row < 0 || column_span < 1 || row_span < 1) return false;
		if (column + column_span > grid.columns || row + row_span > grid.rows) return false;
		for (let x = column; x < column + column_span; x++) {
			for (let y = row; y < row + row_span; y++) {
				if (taken.has(y * 8 + x)) return false;
				taken.add(y * 8 + x);
			}
		}
		return true;
	});
}
