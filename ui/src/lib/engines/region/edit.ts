/** Drawing where a scene looks: a polygon and lines, point by point, with a way back. Pure: each act answers the next state. */
import { distance, inserted, middleAfter, mostLines, mostPoints, moved, nearestEdge, pointAt, start, startLine, stepped, without, type Point, type Scale } from './geometry';

export interface Shapes {
	region: readonly Point[];
	lines: readonly (readonly Point[])[];
}

export type Tool = 'region' | 'lines';

/** A point of the region, or of the line at this place. */
export interface Chosen {
	line: number | undefined;
	point: number;
}

export interface Edit {
	shapes: Shapes;
	tool: Tool;
	chosen: Chosen | undefined;
	undos: readonly Shapes[];
	/** A line's first point was just set and the pointer is still down: moving on draws its second. */
	isBeginning: boolean;
	/** One undo takes back a whole walk of a point by arrow keys. */
	isStepping: boolean;
}

/** How near the pointer has to be, pixels on screen. */
export interface Reach {
	point: number;
	edge: number;
}

export const mouseReach: Reach = { point: 12, edge: 8 };
export const touchReach: Reach = { point: 24, edge: 16 };
const mostUndos = 50;

export function open(shapes: Shapes, tool: Tool): Edit {
	return { shapes, tool, chosen: undefined, undos: [], isBeginning: false, isStepping: false };
}

export function useTool(edit: Edit, tool: Tool): Edit {
	return tool === edit.tool ? edit : { ...edit, tool, chosen: undefined, isBeginning: false, isStepping: false };
}

/** The points of a shape; none of one that is not there. */
export function pointsOf({ region, lines }: Shapes, line: number | undefined): readonly Point[] {
	return line === undefined ? region : (lines[line] ?? []);
}

function withPoints({ region, lines }: Shapes, line: number | undefined, points: readonly Point[]): Shapes {
	return line === undefined ? { region: points, lines } : { region, lines: lines.map((other, place) => (place === line ? points : other)) };
}

/** The pointer goes down: on a point, which is then chosen; on an edge, which gets one; else beside the shape, which grows. */
export function press(edit: Edit, at: Point, scale: Scale, reach: Reach): Edit {
	const { shapes, tool } = edit;
	const places = tool === 'region' ? [undefined] : [...shapes.lines.keys()].reverse();
	for (const line of places) {
		const point = pointAt(pointsOf(shapes, line), at, scale, reach.point);
		// What dragging changes can be taken back as one.
		if (point !== undefined) return { ...changed(edit, shapes), chosen: { line, point } };
	}
	for (const line of places) {
		const points = pointsOf(shapes, line);
		const edge = nearestEdge(points, at, scale, line === undefined ? 'polygon' : 'line');
		if (edge && edge.distancePx <= reach.edge && points.length < mostPoints) return { ...changed(edit, withPoints(shapes, line, inserted(points, edge.index, edge.point))), chosen: { line, point: edge.index } };
	}
	return tool === 'region' ? grow(edit, undefined, at) : draw(edit, at);
}

function grow(edit: Edit, line: number | undefined, at: Point): Edit {
	const points = pointsOf(edit.shapes, line);
	if (points.length >= mostPoints) return edit;
	return { ...changed(edit, withPoints(edit.shapes, line, inserted(points, points.length, at))), chosen: { line, point: points.length } };
}

/** A line that has one point gets its second; else another line begins. */
function draw(edit: Edit, at: Point): Edit {
	const { region, lines } = edit.shapes;
	const begun = lines.findIndex(({ length }) => length === 1);
	if (begun >= 0) return grow(edit, begun, at);
	if (lines.length >= mostLines) return edit;
	return { ...changed(edit, { region, lines: [...lines, inserted([], 0, at)] }), chosen: { line: lines.length, point: 0 }, isBeginning: true };
}

/** The pointer moves while it is down. */
export function drag(edit: Edit, at: Point, scale: Scale, reach: Reach): Edit {
	const { chosen, shapes } = edit;
	if (!chosen) return edit;
	const points = pointsOf(shapes, chosen.line);
	const [first] = points;
	if (edit.isBeginning) {
		if (!first || distance(first, at, scale) <= reach.point) return edit;
		return { ...edit, shapes: withPoints(shapes, chosen.line, inserted(points, 1, at)), chosen: { ...chosen, point: 1 }, isBeginning: false };
	}
	return { ...edit, shapes: withPoints(shapes, chosen.line, moved(points, chosen.point, at)) };
}

/** The pointer goes up. Where nothing came of it there is nothing to take back. */
export function release(edit: Edit): Edit {
	const isUnchanged = edit.undos.at(-1) === edit.shapes;
	return { ...edit, isBeginning: false, undos: isUnchanged ? edit.undos.slice(0, -1) : edit.undos };
}

/** An arrow key; undefined for another key, or without a point. */
export function step(edit: Edit, key: string): Edit | undefined {
	const { chosen, shapes } = edit;
	const points = pointsOf(shapes, chosen?.line);
	const point = chosen && points[chosen.point];
	const to = point && stepped(point, key);
	if (!chosen || !to) return undefined;
	const next = withPoints(shapes, chosen.line, moved(points, chosen.point, to));
	return edit.isStepping ? { ...edit, shapes: next } : { ...changed(edit, next), chosen, isStepping: true };
}

/** The chosen point goes; a line without two points goes as a whole. */
export function removePoint(edit: Edit): Edit {
	const { chosen, shapes } = edit;
	if (!chosen) return edit;
	const points = pointsOf(shapes, chosen.line);
	if (chosen.line !== undefined && points.length <= 2) return removeLine(edit);
	const left = without(points, chosen.point);
	const point = Math.min(chosen.point, left.length - 1);
	return { ...changed(edit, withPoints(shapes, chosen.line, left)), chosen: left.length > 0 ? { line: chosen.line, point } : undefined };
}

/** A new point between the chosen one and the next. */
export function splitEdge(edit: Edit): Edit {
	const { chosen, shapes } = edit;
	if (!chosen) return edit;
	const points = pointsOf(shapes, chosen.line);
	// A line has nothing after its last point: the edge before it is split.
	const after = chosen.line !== undefined && chosen.point === points.length - 1 ? chosen.point - 1 : chosen.point;
	const middle = middleAfter(points, after);
	if (!middle || points.length < 2 || points.length >= mostPoints) return edit;
	return { ...changed(edit, withPoints(shapes, chosen.line, inserted(points, after + 1, middle))), chosen: { line: chosen.line, point: after + 1 } };
}

/** The way that counts is the other one. */
export function swap(edit: Edit): Edit {
	const { chosen, shapes } = edit;
	if (chosen?.line === undefined) return edit;
	const points = pointsOf(shapes, chosen.line);
	return { ...changed(edit, withPoints(shapes, chosen.line, [...points].reverse())), chosen: { line: chosen.line, point: points.length - 1 - chosen.point } };
}

export function removeLine(edit: Edit): Edit {
	const { chosen, shapes } = edit;
	if (chosen?.line === undefined) return edit;
	return changed(edit, { region: shapes.region, lines: shapes.lines.filter((_, place) => place !== chosen.line) });
}

/** A shape to begin with, for those who would rather move points than set them. */
export function addStart(edit: Edit): Edit {
	const { region, lines } = edit.shapes;
	if (edit.tool === 'region') return region.length > 0 ? edit : { ...changed(edit, { region: start, lines }), chosen: { line: undefined, point: 0 } };
	return lines.length >= mostLines ? edit : { ...changed(edit, { region, lines: [...lines, startLine] }), chosen: { line: lines.length, point: 0 } };
}

/** All that the tool draws. */
export function clear(edit: Edit): Edit {
	const { region, lines } = edit.shapes;
	return changed(edit, edit.tool === 'region' ? { region: [], lines } : { region, lines: [] });
}

export function undo(edit: Edit): Edit {
	const shapes = edit.undos.at(-1);
	return shapes ? { ...edit, shapes, undos: edit.undos.slice(0, -1), chosen: undefined, isBeginning: false, isStepping: false } : edit;
}

/** Every point that the tool can move, in the order that the keyboard goes through them. */
export function pointsAtHand({ shapes, tool }: Edit): Chosen[] {
	const of = (line: number | undefined) => pointsOf(shapes, line).map((_, point) => ({ line, point }));
	return tool === 'region' ? of(undefined) : shapes.lines.flatMap((_, line) => of(line));
}

/** The next point, or the one before, round and round. */
export function walk(edit: Edit, by: 1 | -1): Edit {
	const all = pointsAtHand(edit);
	const at = all.findIndex(({ line, point }) => line === edit.chosen?.line && point === edit.chosen?.point);
	const next = all[(at + by + all.length) % all.length];
	return next ? choose(edit, next) : edit;
}

export function choose(edit: Edit, chosen: Chosen): Edit {
	const isSame = edit.chosen !== undefined && edit.chosen.line === chosen.line && edit.chosen.point === chosen.point;
	return isSame ? edit : { ...edit, chosen, isStepping: false };
}

function changed(edit: Edit, shapes: Shapes): Edit {
	return { ...edit, shapes, chosen: undefined, undos: [...edit.undos, edit.shapes].slice(-mostUndos), isBeginning: false, isStepping: false };
}
