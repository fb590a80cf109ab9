import { describe, expect, test } from 'vitest';
import { camerasOf, isGrid, neighbour, place, preset, presetCounts, presetFor, remove, swap, withPreset, without, type Direction, type PresetCount } from './grid';

describe('presets', () => {
	test.each(presetCounts)('%i tiles fill their grid exactly', (count) => {
		const grid = preset(count);
		expect(grid.tiles).toHaveLength(count);
		expect(isGrid(grid)).toBe(true);
		const area = grid.tiles.reduce((sum, tile) => sum + tile.column_span * tile.row_span, 0);
		expect(area).toBe(grid.columns * grid.rows);
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
