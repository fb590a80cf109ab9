/** Arrangements of tiles: presets, and moving cameras about on them. Pure; every function returns a new grid. */
import type { GridView, TileView } from '$lib/api';

export const presetCounts = [1, 4, 6, 8, 9, 10, 13, 16, 25, 36, 49, 64] as const;
/** Columns and rows that the site accepts. */
export const mostSide = 8;
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
		tiles: cells.map(([column, row, column_span, row_span], index) => ({ column, row, column_span, row_span, camera_id: cameras[index] ?? null, pinned: false }))
	};
}

/** Which preset a grid is, whatever it shows; undefined for one arranged by hand. */
export function presetOf(grid: GridView): PresetCount | undefined {
	const cells = ({ tiles }: GridView) => JSON.stringify(tiles.map(({ column, row, column_span, row_span }) => [column, row, column_span, row_span]));
	return presetCounts.find((count) => count === grid.tiles.length && cells(preset(count)) === cells(grid));
}

/** Same arrangement, same cameras, same pins. */
export function isSameGrid(a: GridView, b: GridView): boolean {
	const plain = ({ columns, rows, tiles }: GridView) =>
		JSON.stringify([columns, rows, tiles.map((one) => [one.column, one.row, one.column_span, one.row_span, one.camera_id ?? null, one.pinned ?? false])]);
	return plain(a) === plain(b);
}

/** The smallest preset with room for `cameras`, at most `most`. */
export function presetFor(cameras: number, most: PresetCount = 16): PresetCount {
	return presetCounts.find((count) => count >= cameras || count === most) ?? most;
}

export function camerasOf(grid: GridView): (number | null)[] {
	return grid.tiles.map((tile) => tile.camera_id ?? null);
}

/** A tile's camera and whether it is pinned, without where the tile stands. */
interface Content {
	camera: number | null;
	isPinned: boolean;
}

const nothing: Content = { camera: null, isPinned: false };

const contentOf = (tile: TileView): Content => ({ camera: tile.camera_id ?? null, isPinned: tile.pinned ?? false });

function withContents(grid: GridView, contents: readonly (Content | undefined)[]): GridView {
	const tiles = grid.tiles.map((tile, index) => {
		const { camera, isPinned } = contents[index] ?? nothing;
		return { ...tile, camera_id: camera, pinned: isPinned && camera !== null };
	});
	return { ...grid, tiles };
}

/**
 * Brings the cameras of `grid` onto the tiles of `shape`. What does not fit waits in `spare` and comes back with a
 * larger shape; pinned cameras are the last to go.
 */
export function refit(grid: GridView, shape: GridView, spare: readonly number[]): { grid: GridView; spare: number[] } {
	const count = shape.tiles.length;
	const held = grid.tiles.map(contentOf);
	const shown = held.filter((one) => one.camera !== null);
	if (shown.length > count) {
		const leaving = new Set([...shown].sort((a, b) => Number(a.isPinned) - Number(b.isPinned) || shown.indexOf(b) - shown.indexOf(a)).slice(0, shown.length - count));
		const left = shown.flatMap((one) => (leaving.has(one) && one.camera !== null ? [one.camera] : []));
		return {
			grid: withContents(
				shape,
				shown.filter((one) => !leaving.has(one))
			),
			spare: [...left, ...spare]
		};
	}
	const kept = held.length > count ? shown : [...held];
	const rest = [...spare];
	for (let index = 0; index < count && rest.length; index++) {
		if ((kept[index]?.camera ?? null) === null) kept[index] = { camera: rest.shift() ?? null, isPinned: false };
	}
	return { grid: withContents(shape, kept), spare: rest };
}

export function withPreset(grid: GridView, count: PresetCount, spare: readonly number[]): { grid: GridView; spare: number[] } {
	return refit(grid, preset(count), spare);
}

/** The smallest preset with room for these cameras beside the pinned ones; what has no room is left over. */
export function filled(grid: GridView, cameras: readonly number[]): { grid: GridView; spare: number[] } {
	const pinned = grid.tiles.map(contentOf).map((one) => (one.isPinned ? one : nothing));
	const kept = new Set(pinned.map((one) => one.camera));
	const rest = cameras.filter((id) => !kept.has(id));
	const count = presetFor(rest.length + pinned.filter((one) => one.isPinned).length, 64);
	return refit(withContents(grid, pinned), preset(count), rest);
}

/** The tile that takes a camera called to `index`: that one, or the next that is not pinned. Undefined when all are. */
export function landing(grid: GridView, index: number): number | undefined {
	const count = grid.tiles.length;
	for (let step = 0; step < count; step++) {
		const at = (index + step) % count;
		if (!grid.tiles[at]?.pinned) return at;
	}
	return undefined;
}

/**
 * Puts cameras from tile `index` on, past pinned tiles; a camera that is pinned elsewhere stays there. One camera that
 * is already elsewhere swaps places with what it lands on. The same grid when nothing changes.
 */
export function place(grid: GridView, index: number, ids: readonly number[]): GridView {
	const held = grid.tiles.map(contentOf);
	const moving = ids.filter((id) => !held.some((one) => one.isPinned && one.camera === id));
	const [only] = moving;
	if (moving.length === 1 && only !== undefined) {
		const to = landing(grid, index);
		if (to === undefined) return grid;
		const from = held.findIndex((one) => one.camera === only);
		if (from >= 0) held[from] = held[to] ?? nothing;
		held[to] = { camera: only, isPinned: false };
		return withContents(grid, held);
	}
	const free = held.flatMap((one, at) => (at >= index && !one.isPinned ? [at] : []));
	if (moving.length === 0 || free.length === 0) return grid;
	const next = held.map((one) => (one.camera !== null && moving.includes(one.camera) ? nothing : one));
	moving.slice(0, free.length).forEach((camera, offset) => (next[free[offset] ?? 0] = { camera, isPinned: false }));
	return withContents(grid, next);
}

/** A pin goes with its camera; nothing is swapped onto a pinned tile. */
export function swap(grid: GridView, from: number, to: number): GridView {
	const held = grid.tiles.map(contentOf);
	if (from === to || held[to]?.isPinned) return grid;
	[held[from], held[to]] = [held[to] ?? nothing, held[from] ?? nothing];
	return withContents(grid, held);
}

export function remove(grid: GridView, index: number): GridView {
	return withContents(
		grid,
		grid.tiles.map((tile, at) => (at === index ? nothing : contentOf(tile)))
	);
}

/** An empty tile cannot be pinned: there is nothing to keep. */
export function togglePin(grid: GridView, index: number): GridView {
	const tile = grid.tiles[index];
	if (!tile || (tile.camera_id ?? null) === null) return grid;
	return { ...grid, tiles: grid.tiles.map((one, at) => (at === index ? { ...one, pinned: !one.pinned } : one)) };
}

/** Takes cameras off that no longer exist. The same grid when all do. */
export function without(grid: GridView, exists: (id: number) => boolean): GridView {
	const held = grid.tiles.map(contentOf);
	if (held.every(({ camera }) => camera === null || exists(camera))) return grid;
	return withContents(
		grid,
		held.map((one) => (one.camera !== null && exists(one.camera) ? one : nothing))
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
	const isSide = (side: number) => Number.isInteger(side) && side >= 1 && side <= mostSide;
	if (!isSide(grid.columns) || !isSide(grid.rows)) return false;
	const taken = new Set<number>();
	return grid.tiles.every((tile) => {
		const { column, row, column_span, row_span } = tile;
		if (![column, row, column_span, row_span].every(Number.isInteger) || column < 0 || row < 0 || column_span < 1 || row_span < 1) return false;
		if (column + column_span > grid.columns || row + row_span > grid.rows) return false;
		for (let x = column; x < column + column_span; x++) {
			for (let y = row; y < row + row_span; y++) {
				if (taken.has(y * mostSide + x)) return false;
				taken.add(y * mostSide + x);
			}
		}
		return true;
	});
}
