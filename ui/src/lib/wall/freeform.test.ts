import { describe, expect, test } from 'vitest';
import type { GridView } from '$lib/api';
import { added, completed, freeCells, moved, removed, resized, withSize } from './freeform';
import { isGrid, preset } from './grid';

/** One letter per camera and cell, `.` for a cell without a tile, `_` for a tile without a camera. */
function drawn(grid: GridView): string[] {
	const canBeShown: boolean = isGrid(grid);
	expect(canBeShown, 'a grid that can be shown').toBe(true);
	return Array.from({ length: grid.rows }, (_, row) =>
		Array.from({ length: grid.columns }, (_, column) => {
			const tile = grid.tiles.find((one) => column >= one.column && column < one.column + one.column_span && row >= one.row && row < one.row + one.row_span);
			return tile ? (tile.camera_id ? String.fromCharCode(96 + tile.camera_id) : '_') : '.';
		}).join('')
	);
}

const check = (grid: GridView, expected: string[]) => expect(drawn(grid)).toEqual(expected);
const nine = preset(9, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
const large = resized(nine, 0, 2, 2);

test('a tile that grows takes the room of others, and never leaves the grid', () => {
	check(large, ['aac', 'aaf', 'ghi']);
	check(resized(nine, 4, 9, 9), ['abc', 'dee', 'gee']);
	check(resized(nine, 8, 0, -3), ['abc', 'def', 'ghi']);
	check(resized(large, 0, 1, 1), ['a.c', '..f', 'ghi']);
});

test('a tile that moves changes places where that fits', () => {
	check(moved(nine, 0, 2, 2), ['ibc', 'def', 'gha']);
	check(moved(large, 0, 1, 0), ['caa', 'faa', 'ghi']);
	check(moved(large, 0, 0, 1), ['ghc', 'aaf', 'aai']);
	check(moved(large, 1, 0, 0), ['c..', '..f', 'ghi']);
	check(moved(large, 0, 9, 0), ['caa', 'faa', 'ghi']);
	expect(moved(nine, 4, 1, 1)).toBe(nine);
});

test('columns and rows', () => {
	check(withSize(large, 4, 2), ['aac.', 'aaf.']);
	check(withSize(large, 1, 1), ['a']);
	check(withSize(nine, 0, 99), ['a', 'd', 'g', '.', '.', '.', '.', '.']);
});

describe('free cells', () => {
	const holes = removed(removed(nine, 8), 0);

	test('come from removed tiles and become tiles again', () => {
		check(holes, ['.bc', 'def', 'gh.']);
		expect(freeCells(holes)).toHaveLength(2);
		check(completed(holes), ['_bc', 'def', 'gh_']);
		expect(completed(holes).tiles.map((tile) => tile.camera_id)).toEqual([null, 2, 3, 4, 5, 6, 7, 8, null]);
	});

	test('take a tile only where there is room', () => {
		check(added(holes, { column: 0, row: 0, column_span: 1, row_span: 1 }), ['_bc', 'def', 'gh.']);
		expect(added(holes, { column: 0, row: 0, column_span: 2, row_span: 1 })).toBe(holes);
		expect(added(holes, { column: 2, row: 2, column_span: 2, row_span: 1 })).toBe(holes);
	});
});
