/**
 * Arranging tiles freely on any grid: move, resize, add, remove. Pure; every function returns a new grid.
 *
 * A tile that grows takes the room of those it covers. A tile that moves changes places with those it lands on where
 * that fits, and takes their room where it does not. Cells may stay free; `completed` turns them into tiles.
 */
import type { GridView, TileView } from '$lib/api';
import { mostSide } from './grid';

export interface Rect {
	column: number;
	row: number;
	column_span: number;
	row_span: number;
}

const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

export function overlaps(a: Rect, b: Rect): boolean {
	return (
		a.column < b.column + b.column_span &&
		b.column < a.column + a.column_span &&
		a.row < b.row + b.row_span &&
		b.row < a.row + a.row_span
	);
}

function isInside(rect: Rect, grid: GridView): boolean {
	return rect.column >= 0 && rect.row >= 0 && rect.column + rect.column_span <= grid.columns && rect.row + rect.row_span <= grid.rows;
}

/** Reading order, so that cameras and arrow keys run as the eye does. */
function ordered(grid: GridView): GridView {
	return { ...grid, tiles: [...grid.tiles].sort((a, b) => a.row - b.row || a.column - b.column) };
}

/** Cells that no tile covers, row by row. */
export function freeCells(grid: GridView): Rect[] {
	const cells: Rect[] = [];
	for (let row = 0; row < grid.rows; row++) {
		for (let column = 0; column < grid.columns; column++) {
			const cell = { column, row, column_span: 1, row_span: 1 };
			if (!grid.tiles.some((tile) => overlaps(tile, cell))) cells.push(cell);
		}
	}
	return cells;
}

/** Another number of columns and rows. Tiles are cut at the new edge; what lies beyond it goes. */
export function withSize(grid: GridView, columns: number, rows: number): GridView {
	const size = { columns: within(columns, 1, mostSide), rows: within(rows, 1, mostSide) };
	const tiles = grid.tiles
		.filter((tile) => tile.column < size.columns && tile.row < size.rows)
		.map((tile) => ({
			...tile,
			column_span: Math.min(tile.column_span, size.columns - tile.column),
			row_span: Math.min(tile.row_span, size.rows - tile.row)
		}));
	return { ...size, tiles };
}

/** Gives a tile another size from its upper left corner on; tiles that it then covers go. */
export function resized(grid: GridView, index: number, columnSpan: number, rowSpan: number): GridView {
	const tile = grid.tiles[index];
	if (!tile) return grid;
	const next = {
		...tile,
		column_span: within(columnSpan, 1, grid.columns - tile.column),
		row_span: within(rowSpan, 1, grid.rows - tile.row)
	};
	return { ...grid, tiles: grid.tiles.flatMap((one, at) => (at === index ? [next] : overlaps(one, next) ? [] : [one])) };
}

/** Puts a tile's upper left corner elsewhere. What it lands on moves to the room it left, or goes where that does not fit. */
export function moved(grid: GridView, index: number, column: number, row: number): GridView {
	const tile = grid.tiles[index];
	if (!tile) return grid;
	const next = { ...tile, column: within(column, 0, grid.columns - tile.column_span), row: within(row, 0, grid.rows - tile.row_span) };
	const by = { columns: next.column - tile.column, rows: next.row - tile.row };
	if (by.columns === 0 && by.rows === 0) return grid;
	// A short move along one axis lays bare a strip as wide as the move; a long one the whole tile.
	const back = overlaps(tile, next)
		? { columns: -Math.sign(by.columns) * tile.column_span, rows: -Math.sign(by.rows) * tile.row_span }
		: { columns: -by.columns, rows: -by.rows };
	const settled: TileView[] = [next, ...grid.tiles.filter((one, at) => at !== index && !overlaps(one, next))];
	const tiles: (TileView | undefined)[] = grid.tiles.map((one, at) => (at === index ? next : overlaps(one, next) ? undefined : one));
	grid.tiles.forEach((one, at) => {
		if (at === index || !overlaps(one, next)) return;
		const pushed = { ...one, column: one.column + back.columns, row: one.row + back.rows };
		if (!isInside(pushed, grid) || settled.some((other) => overlaps(other, pushed))) return;
		settled.push(pushed);
		tiles[at] = pushed;
	});
	return { ...grid, tiles: tiles.filter((one) => one !== undefined) };
}

export function added(grid: GridView, rect: Rect): GridView {
	if (!isInside(rect, grid) || grid.tiles.some((tile) => overlaps(tile, rect))) return grid;
	return { ...grid, tiles: [...grid.tiles, { ...rect, camera_id: null, pinned: false }] };
}

export function removed(grid: GridView, index: number): GridView {
	return { ...grid, tiles: grid.tiles.filter((_, at) => at !== index) };
}

/** A tile on every free cell, in reading order: what goes onto the wall. */
export function completed(grid: GridView): GridView {
	return ordered(freeCells(grid).reduce(added, grid));
}
