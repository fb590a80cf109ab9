import { expect, test } from 'vitest';
import { addStart, choose, clear, drag, mouseReach, open, press, release, removePoint, splitEdge, step, swap, undo, useTool, walk, type Edit, type Shapes, type Tool } from './edit';
import type { Point } from './geometry';

const scale = { width: 1000, height: 1000 };
const square: Point[] = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];
const nothing: Shapes = { region: [], lines: [] };

const click = (edit: Edit, ...at: Point[]) => at.reduce((now, point) => release(press(now, point, scale, mouseReach)), edit);
const pull = (edit: Edit, from: Point, ...to: Point[]) => release(to.reduce((now, point) => drag(now, point, scale, mouseReach), press(edit, from, scale, mouseReach)));
const begun = (shapes: Partial<Shapes> = {}, tool: Tool = 'region') => open({ ...nothing, ...shapes }, tool);

test('clicks make a polygon, and each can be taken back', () => {
	const drawn = click(begun(), [0.1, 0.1], [0.5, 0.1], [0.5, 0.5]);
	expect(drawn.shapes.region).toEqual([[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]);
	expect(drawn.chosen).toEqual({ line: undefined, point: 2 });
	expect(undo(drawn).shapes.region).toHaveLength(2);
	expect(undo(undo(undo(undo(drawn)))).shapes.region).toEqual([]);
});

test('a point is dragged, and one undo brings it back', () => {
	const dragged = pull(begun({ region: square }), [0.201, 0.2], [0.3, 0.3], [0.4, 1.4]);
	expect(dragged.shapes.region[0]).toEqual([0.4, 1]);
	expect(dragged.undos).toHaveLength(1);
	expect(undo(dragged).shapes.region).toEqual(square);
	// A click on a point chooses it and changes nothing.
	const chosen = click(begun({ region: square }), [0.8, 0.8]);
	expect(chosen.chosen).toEqual({ line: undefined, point: 2 });
	expect(chosen.undos).toEqual([]);
});

test('an edge gets a point, which is dragged on', () => {
	const bent = pull(begun({ region: square }), [0.5, 0.205], [0.5, 0.1]);
	expect(bent.shapes.region).toEqual([square[0], [0.5, 0.1], ...square.slice(1)]);
	expect(undo(bent).shapes.region).toEqual(square);
});

test('a line is drawn by dragging or by two clicks', () => {
	const dragged = pull(begun({}, 'lines'), [0.1, 0.1], [0.105, 0.1], [0.5, 0.5], [0.6, 0.6]);
	expect(dragged.shapes.lines).toEqual([[[0.1, 0.1], [0.6, 0.6]]]);
	expect(undo(dragged).shapes.lines).toEqual([]);
	const clicked = click(begun({}, 'lines'), [0.1, 0.1], [0.5, 0.5]);
	expect(clicked.shapes.lines).toEqual([[[0.1, 0.1], [0.5, 0.5]]]);
	// A third click begins another one.
	expect(click(clicked, [0.9, 0.1]).shapes.lines).toHaveLength(2);
	// Beyond eight nothing happens.
	const eight = begun({ lines: Array.from({ length: 8 }, (_, index) => [[0.1, index / 10], [0.3, index / 10]]) as Point[][] }, 'lines');
	expect(click(eight, [0.9, 0.9])).toMatchObject({ shapes: eight.shapes });
});

test('a tool touches only what it draws', () => {
	const lines: Point[][] = [[[0.2, 0.2], [0.8, 0.8]]];
	const edit = begun({ region: square, lines });
	expect(click(edit, [0.2, 0.2]).chosen).toEqual({ line: undefined, point: 0 });
	const other = useTool(edit, 'lines');
	expect(click(other, [0.2, 0.2]).chosen).toEqual({ line: 0, point: 0 });
	expect(clear(other).shapes).toEqual({ region: square, lines: [] });
	expect(clear(edit).shapes).toEqual({ region: [], lines });
	expect(undo(clear(edit)).shapes).toEqual(edit.shapes);
});

test('arrow keys walk a point; the whole walk is one undo', () => {
	let edit = choose(begun({ region: square }), { line: undefined, point: 1 });
	for (let steps = 0; steps < 60; steps++) edit = step(edit, 'ArrowDown') ?? edit;
	expect(edit.shapes.region[1]).toEqual([0.8, 0.8]);
	expect(undo(edit).shapes.region).toEqual(square);
	expect(step(edit, 'x')).toBeUndefined();
	expect(step(begun({ region: square }), 'ArrowDown')).toBeUndefined();
});

test('points are removed; a line of two goes as a whole', () => {
	const first = removePoint(choose(begun({ region: square }), { line: undefined, point: 3 }));
	expect(first.shapes.region).toEqual(square.slice(0, 3));
	expect(first.chosen).toEqual({ line: undefined, point: 2 });
	const lines: Point[][] = [[[0, 0], [1, 1]], [[0, 1], [0.5, 0.5], [1, 0]]];
	const edit = begun({ lines }, 'lines');
	expect(removePoint(choose(edit, { line: 0, point: 1 })).shapes.lines).toEqual([lines[1]]);
	expect(removePoint(choose(edit, { line: 1, point: 1 })).shapes.lines[1]).toEqual([[0, 1], [1, 0]]);
	expect(removePoint(edit)).toBe(edit);
});

test('edges are split by key, also the last one of a line', () => {
	const edit = choose(begun({ region: square }), { line: undefined, point: 3 });
	expect(splitEdge(edit).shapes.region.at(-1)).toEqual([0.2, 0.5]);
	expect(splitEdge(edit).chosen).toEqual({ line: undefined, point: 4 });
	const line = choose(begun({ lines: [[[0, 0], [1, 1]]] }, 'lines'), { line: 0, point: 1 });
	expect(splitEdge(line).shapes.lines).toEqual([[[0, 0], [0.5, 0.5], [1, 1]]]);
});

test('a swapped line keeps its points and the chosen one', () => {
	const swapped = swap(choose(begun({ lines: [[[0, 0], [0.5, 0.4], [1, 1]]] }, 'lines'), { line: 0, point: 0 }));
	expect(swapped.shapes.lines).toEqual([[[1, 1], [0.5, 0.4], [0, 0]]]);
	expect(swapped.chosen).toEqual({ line: 0, point: 2 });
});

test('one can begin without a pointer and walk through the points', () => {
	const edit = addStart(begun());
	expect(edit.shapes.region).toHaveLength(4);
	expect(addStart(edit)).toBe(edit);
	expect(walk(edit, -1).chosen?.point).toBe(3);
	expect(walk(walk(edit, -1), 1).chosen?.point).toBe(0);
	expect(walk(begun(), 1).chosen).toBeUndefined();
	expect(addStart(begun({}, 'lines')).shapes.lines).toHaveLength(1);
});
