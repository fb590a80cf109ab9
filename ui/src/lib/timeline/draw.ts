/** Draws the timeline on a canvas. Colours come from the design tokens; meaning is never carried by colour alone. */
import type { BookmarkMark, GapView, MarkView } from '$lib/api';
import { flagsOf, type AlarmMark } from './alarm_flags';
import { drawAlarmFlags, type AlarmColours } from './draw_alarms';
import { drawBookmarks, drawLocks } from './draw_evidence';
import { drawFilled } from './draw_filled';
import { drawMarkShapes, type MarkColours } from './draw_marks';
import { shapesOf } from './marks';
import { labelKind, bigStep, ticks } from './ticks';
import { xAt, type Stretch, type TimeView } from './view';
import { zoned, zoneOffsetMs } from './zone';

export interface TimelineRow {
	readonly label: string;
	readonly coverage: readonly Stretch[];
	readonly gaps: readonly GapView[];
	/** From and to of what was fetched from the camera's own storage. */
	readonly filled: readonly (readonly number[])[];
	/** What the camera noticed. */
	readonly marks: readonly MarkView[];
	readonly bookmarks: readonly BookmarkMark[];
	readonly alarms: readonly AlarmMark[];
	/** From and to of what nothing deletes. */
	readonly locks: readonly (readonly number[])[];
	readonly selected: boolean;
}

export interface TimelineScene {
	readonly view: TimeView;
	readonly rows: readonly TimelineRow[];
	readonly playhead: number;
	readonly now: number;
	/** Pixels by which the rows are scrolled up below the axis. */
	readonly scrolled: number;
	/** Where the pointer is, while scrubbing. */
	readonly hover?: number | undefined;
	readonly markIn?: number | undefined;
	readonly markOut?: number | undefined;
	readonly timeZone: string;
	readonly language: string;
}

export interface TimelineColours {
	readonly background: string;
	readonly row: string;
	readonly rowSelected: string;
	readonly recorded: string;
	readonly gapFault: string;
	readonly gapPlanned: string;
	readonly text: string;
	readonly faint: string;
	readonly playhead: string;
	readonly mark: string;
	readonly future: string;
	readonly noticed: MarkColours;
	readonly evidence: string;
	readonly alarms: AlarmColours;
}

/** Height of the axis above the rows and of one row, in CSS pixels. */
export const AXIS_PX = 24;
export const ROW_PX = 20;
/** A fault takes at least this much room. */
const LEAST_GAP_PX = 2;

export function heightFor(rows: number): number {
	return AXIS_PX + Math.max(1, rows) * ROW_PX + 4;
}

export function draw(
	context: CanvasRenderingContext2D,
	width: number,
	height: number,
	scene: TimelineScene,
	colours: TimelineColours
): void {
	context.fillStyle = colours.background;
	context.fillRect(0, 0, width, height);
	const tops = scene.rows.map((_, index) => AXIS_PX + index * ROW_PX - scene.scrolled);
	const isSeen = (top: number) => top > AXIS_PX - ROW_PX && top < height;
	scene.rows.forEach((row, index) => isSeen(tops[index]!) && drawRow(context, width, tops[index]!, row, scene, colours));
	drawFuture(context, width, height, scene, colours);
	scene.rows.forEach((row, index) => isSeen(tops[index]!) && drawLabel(context, tops[index]!, row, colours));
	context.fillStyle = colours.background;
	context.fillRect(0, 0, width, AXIS_PX);
	drawAxis(context, width, height, scene, colours);
	drawMarks(context, width, height, scene, colours);
	drawLine(context, xAt(scene.view, scene.playhead, width), height, colours.playhead, 2);
	if (scene.hover !== undefined) drawLine(context, xAt(scene.view, scene.hover, width), height, colours.faint, 1);
}

function drawRow(
	context: CanvasRenderingContext2D,
	width: number,
	top: number,
	row: TimelineRow,
	scene: TimelineScene,
	colours: TimelineColours
): void {
	context.fillStyle = row.selected ? colours.rowSelected : colours.row;
	context.fillRect(0, top + 2, width, ROW_PX - 4);
	const { from, to } = scene.view;
	// Rectangles one by one: a path of a thousand of them takes seconds to fill.
	context.fillStyle = colours.recorded;
	for (const [start, end] of row.coverage) {
		if (end < from || start > to) continue;
		const x = xAt(scene.view, start, width);
		context.fillRect(x, top + 4, Math.max(1, xAt(scene.view, Math.min(end, scene.now), width) - x), ROW_PX - 8);
	}
	drawFilled(context, top + ROW_PX / 2, row.filled, scene.view, width, colours.background);
	for (const isPlanned of [true, false]) {
		context.fillStyle = isPlanned ? colours.gapPlanned : hatched(context, colours.gapFault);
		for (const gap of row.gaps) {
			if ((gap.reason === 'planned_off') !== isPlanned || gap.to < from || gap.from > to) continue;
			const left = Math.max(0, xAt(scene.view, gap.from, width));
			const length = Math.min(width, xAt(scene.view, gap.to, width)) - left;
			// A fault is seen at any zoom; what was planned need not be.
			if (isPlanned && length >= 2) context.fillRect(left, top + ROW_PX / 2 - 1, length, 2);
			else if (!isPlanned) context.fillRect(left, top + 4, Math.max(LEAST_GAP_PX, length), ROW_PX - 8);
		}
	}
	drawLocks(context, top + 2, row.locks, scene.view, width, colours);
	drawMarkShapes(context, top + ROW_PX - 3, shapesOf(row.marks, scene.view, width), colours.noticed, colours.background);
	drawBookmarks(context, top + 2, row.bookmarks, scene.view, width, colours);
	drawAlarmFlags(context, top + ROW_PX / 2, flagsOf(row.alarms, scene.view, width), colours.alarms, colours.background);
}

/** Whose row it is, at its left end, on a ground of its own so that it stays readable on any colour. */
function drawLabel(context: CanvasRenderingContext2D, top: number, row: TimelineRow, colours: TimelineColours): void {
	context.font = `${row.selected ? '600 ' : ''}11px system-ui, sans-serif`;
	context.textBaseline = 'middle';
	const width = Math.min(160, context.measureText(row.label).width);
	context.fillStyle = colours.background;
	context.globalAlpha = 0.94;
	context.fillRect(0, top + 2, width + 12, ROW_PX - 4);
	context.globalAlpha = 1;
	context.fillStyle = row.selected ? colours.playhead : colours.text;
	context.fillText(row.label, 6, top + ROW_PX / 2 + 0.5, 160);
}

let hatch: { colour: string; pattern: CanvasPattern | string } | undefined;

/** A fault gap is hatched, so that it differs from a recording in shape as well as in colour. */
function hatched(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
	if (hatch?.colour === colour) return hatch.pattern;
	const size = 6;
	const tile = document.createElement('canvas');
	tile.width = tile.height = size;
	const drawing = tile.getContext('2d');
	if (drawing) {
		drawing.strokeStyle = colour;
		drawing.lineWidth = 1.5;
		for (const shift of [-size, 0, size]) {
			drawing.moveTo(shift, size);
			drawing.lineTo(shift + size, 0);
		}
		drawing.stroke();
	}
	hatch = { colour, pattern: context.createPattern(tile, 'repeat') ?? colour };
	return hatch.pattern;
}

function drawFuture(
	context: CanvasRenderingContext2D,
	width: number,
	height: number,
	scene: TimelineScene,
	colours: TimelineColours
): void {
	const x = xAt(scene.view, scene.now, width);
	if (x >= width) return;
	context.fillStyle = colours.future;
	context.globalAlpha = 0.45;
	context.fillRect(Math.max(0, x), 0, width, height);
	context.globalAlpha = 1;
}

function drawAxis(
	context: CanvasRenderingContext2D,
	width: number,
	height: number,
	scene: TimelineScene,
	colours: TimelineColours
): void {
	const middle = (scene.view.from + scene.view.to) / 2;
	const step = bigStep(scene.view, width, 84);
	const format = labelFormat(step, scene);
	context.font = '11px system-ui, sans-serif';
	context.textBaseline = 'middle';
	for (const tick of ticks(scene.view, width, 84, zoneOffsetMs(middle, scene.timeZone))) {
		const x = Math.round(xAt(scene.view, tick.at, width)) + 0.5;
		context.strokeStyle = colours.faint;
		context.globalAlpha = tick.big ? 0.6 : 0.25;
		context.beginPath();
		context.moveTo(x, tick.big ? 4 : AXIS_PX - 6);
		context.lineTo(x, tick.big ? height : AXIS_PX);
		context.stroke();
		context.globalAlpha = 1;
		if (tick.big) {
			context.fillStyle = colours.text;
			context.fillText(format.format(tick.at), x + 4, AXIS_PX / 2);
		}
	}
}

function labelFormat(step: number, scene: TimelineScene): Intl.DateTimeFormat {
	const base = { timeZone: scene.timeZone } as const;
	const kind = labelKind(step);
	if (kind === 'day') return zoned(scene.language, { ...base, month: 'short', day: 'numeric' });
	const exact = kind === 'second' ? ({ second: '2-digit' } as const) : {};
	return zoned(scene.language, { ...base, hour: '2-digit', minute: '2-digit', ...exact });
}

function drawMarks(
	context: CanvasRenderingContext2D,
	width: number,
	height: number,
	scene: TimelineScene,
	colours: TimelineColours
): void {
	const { markIn, markOut } = scene;
	if (markIn !== undefined && markOut !== undefined) {
		const x = xAt(scene.view, markIn, width);
		context.fillStyle = colours.mark;
		context.globalAlpha = 0.18;
		context.fillRect(x, 0, xAt(scene.view, markOut, width) - x, height);
		context.globalAlpha = 1;
	}
	for (const mark of [markIn, markOut]) {
		if (mark !== undefined) drawLine(context, xAt(scene.view, mark, width), height, colours.mark, 2);
	}
}

function drawLine(
	context: CanvasRenderingContext2D,
	x: number,
	height: number,
	colour: string,
	thickness: number
): void {
	context.fillStyle = colour;
	context.fillRect(Math.round(x) - thickness / 2, 0, thickness, height);
}
