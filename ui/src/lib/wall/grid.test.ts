import { describe, expect, test } from 'vitest';
import { camerasOf, filled, isGrid, isSameGrid, landing, neighbour, place, preset, presetCounts, presetFor, presetOf, remove, swap, togglePin, withPreset, without, type Direction, type PresetCount } from './grid';

describe('presets', () => {
	test.each(presetCounts)('%i tiles fill their grid exactly', (count) => {
		const grid = preset(count);
		expect(grid.tiles).toHaveLength(count);
		expect(isGrid(grid)).toBe(true);
		const area = grid.tiles.reduce((sum, tile) => sum + tile.column_span * tile.row_span, 0);
		expect(area).toBe(grid.columns * grid.rows);
	});

	test('are known again, and an arrangement by hand is none of them', () => {
		for (const count of presetCounts) expect(presetOf(preset(count, [5, 6]))).toBe(count);
		const four = preset(4);
		expect(presetOf({ columns: 4, rows: 1, tiles: four.tiles.map((tile, column) => ({ ...tile, column, row: 0 })) })).toBeUndefined();
		expect(isSameGrid(four, preset(4))).toBe(true);
		expect(isSameGrid(preset(4, [1]), four)).toBe(false);
		expect(isSameGrid(togglePin(preset(4, [1]), 0), preset(4, [1]))).toBe(false);
	});

	test('the smallest that has room', () => {
		const check = (cameras: number, expected: PresetCount, most?: PresetCount) => expect(presetFor(cameras, most)).toBe(expected);
		check(0, 1);
		check(1, 1);
		check(2, 4);
		check(5, 6);
		check(16, 16);
		check(60, 16);
		check(60, 64, 64);
	});
});

describe('cameras on tiles', () => {
	const four = preset(4, [1, 2, 3, null]);
	const check = (grid: ReturnType<typeof preset>, expected: (number | null)[]) => expect(camerasOf(grid)).toEqual(expected);

	test('place, swap, remove', () => {
		check(place(four, 3, [9]), [1, 2, 3, 9]);
		check(place(four, 0, [3]), [3, 2, 1, null]);
		check(place(four, 1, [7, 8, 9, 10]), [1, 7, 8, 9]);
		check(place(four, 0, [2, 5]), [2, 5, 3, null]);
		check(swap(four, 0, 3), [null, 2, 3, 1]);
		check(remove(four, 1), [1, null, 3, null]);
	});

	test('a smaller preset keeps the rest in reserve and a larger one brings it back', () => {
		const less = withPreset(preset(9, [1, 2, 3, 4, 5, 6, 7, 8, 9]), 4, []);
		check(less.grid, [1, 2, 3, 4]);
		expect(less.spare).toEqual([5, 6, 7, 8, 9]);
		const more = withPreset(less.grid, 9, less.spare);
		check(more.grid, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
		expect(more.spare).toEqual([]);
		check(withPreset(preset(9, [null, 1, null, 2]), 4, []).grid, [1, 2, null, null]);
	});

	test('cameras that are gone leave their tile', () => {
		check(without(four, (id) => id !== 2), [1, null, 3, null]);
		expect(without(four, () => true)).toBe(four);
	});
});

describe('pinned tiles', () => {
	/** Cameras of a grid, pinned ones negative. */
	const shown = (grid: ReturnType<typeof preset>) => grid.tiles.map((tile) => (tile.camera_id ?? 0) * (tile.pinned ? -1 : 1));
	const check = (grid: ReturnType<typeof preset>, expected: number[]) => expect(shown(grid)).toEqual(expected);
	const pinned = (count: PresetCount, cameras: (number | null)[], ...pins: number[]) => pins.reduce(togglePin, preset(count, cameras));

	test('are skipped by a call and by a group', () => {
		const grid = pinned(4, [1, 2, 3, null], 1);
		check(place(grid, 1, [9]), [1, -2, 9, 0]);
		check(place(grid, 0, [9]), [9, -2, 3, 0]);
		check(place(grid, 0, [7, 8, 9, 10]), [7, -2, 8, 9]);
		check(place(grid, 0, [2, 8, 9]), [8, -2, 9, 0]);
		check(place(grid, 3, [2]), [1, -2, 3, 0]);
		check(place(pinned(4, [1, 2, 3, 4], 3), 3, [9]), [9, 2, 3, -4]);
		const all = pinned(4, [1, 2, 3, 4], 0, 1, 2, 3);
		expect(landing(all, 0)).toBeUndefined();
		expect(place(all, 0, [9])).toBe(all);
		expect(place(all, 0, [8, 9])).toBe(all);
	});

	test('move with their camera and are not moved onto', () => {
		const grid = pinned(4, [1, 2, 3, null], 1);
		check(swap(grid, 1, 3), [1, 0, 3, -2]);
		expect(swap(grid, 0, 1)).toBe(grid);
		check(remove(grid, 1), [1, 0, 3, 0]);
		check(togglePin(grid, 1), [1, 2, 3, 0]);
		expect(togglePin(grid, 3)).toBe(grid);
		check(without(grid, (id) => id !== 2), [1, 0, 3, 0]);
	});

	test('are the last to leave a smaller layout and stay when the wall is filled', () => {
		const less = withPreset(pinned(9, [1, 2, 3, 4, 5, 6], 5), 4, []);
		check(less.grid, [1, 2, 3, -6]);
		expect(less.spare).toEqual([4, 5]);
		check(withPreset(pinned(4, [1, 2, 3, 4], 2, 3), 1, []).grid, [-3]);
		check(filled(pinned(4, [1, 2, 3, 4], 2), [1, 2, 3, 4, 5]).grid, [1, 2, -3, 4, 5, 0]);
		check(filled(preset(1, [7]), [1, 2]).grid, [1, 2, 0, 0]);
	});
});

test('arrow keys', () => {
	const check = (count: PresetCount, from: number, direction: Direction, expected: number) => expect(neighbour(preset(count), from, direction)).toBe(expected);
	check(4, 0, 'right', 1);
	check(4, 0, 'down', 2);
	check(4, 0, 'left', 0);
	check(9, 4, 'up', 1);
	check(6, 0, 'right', 1);
	check(6, 0, 'down', 4);
	check(6, 1, 'left', 0);
	check(16, 15, 'down', 15);
});

test('what storage holds is not trusted', () => {
	const check = (value: unknown, expected: boolean) => expect(isGrid(value)).toBe(expected);
	const tile = { column: 0, row: 0, column_span: 1, row_span: 1 };
	check(null, false);
	check({}, false);
	check({ columns: 2, rows: 2, tiles: [] }, false);
	check({ columns: 9, rows: 2, tiles: [tile] }, false);
	check({ columns: 1, rows: 1, tiles: [tile] }, true);
	check({ columns: 1, rows: 1, tiles: [tile, tile] }, false);
	check({ columns: 1, rows: 1, tiles: [{ ...tile, column_span: 2 }] }, false);
	check({ columns: 1, rows: 1, tiles: [{ ...tile, column: 0.5 }] }, false);
});
