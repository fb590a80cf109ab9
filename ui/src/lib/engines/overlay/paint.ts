/** Draws results over a picture. Alarms differ in more than their colour: their lines are thicker and their labels are filled. */
import { boxOn, isSeen, labelAt, type Rect, type Size } from './place';

/** An object as it is drawn; its words are made once, when its result comes. */
export interface Box {
	bbox: readonly number[];
	text: string;
	isAlarm: boolean;
	/** The picture it belongs to has gone by: its lines are broken. */
	isLate: boolean;
}

export interface Sheet {
	tile: Size;
	picture: Rect;
	/** Device pixels of one pixel of the page. */
	ratio: number;
	hasLabels: boolean;
}

/** Of the bar with the camera's name, pixels of the page. */
const headHeight = 22;
/** On video, so the same in both themes. */
const alarm = '#ff5f5f';
const neutral = '#e7ecf1';
const shade = 'rgb(10 13 17 / 78%)';
const onAlarm = '#1b0505';

export function paint(context: CanvasRenderingContext2D, boxes: readonly Box[], { tile, picture, ratio, hasLabels }: Sheet): void {
	context.clearRect(0, 0, tile.width, tile.height);
	context.font = `${Math.round(11 * ratio)}px system-ui, sans-serif`;
	context.textBaseline = 'middle';
	for (const box of boxes) {
		const at = boxOn(picture, box.bbox);
		if (!at || !isSeen(at, tile)) continue;
		const line = Math.max(1, Math.round((box.isAlarm ? 2 : 1) * ratio));
		const colour = box.isAlarm ? alarm : neutral;
		if (box.isLate) dashed(context, at, line, colour);
		else frame(context, at, line, colour);
		if (hasLabels) label(context, box, at, tile, ratio);
	}
}

/** Four bars on whole pixels, with a dark line around that shows them on a bright picture. */
function frame(context: CanvasRenderingContext2D, { x, y, width, height }: Rect, line: number, colour: string): void {
	const bars = (out: number, thick: number) => {
		context.fillRect(x - out, y - out, width + 2 * out, thick);
		context.fillRect(x - out, y + height + out - thick, width + 2 * out, thick);
		context.fillRect(x - out, y - out, thick, height + 2 * out);
		context.fillRect(x + width + out - thick, y - out, thick, height + 2 * out);
	};
	context.fillStyle = shade;
	bars(1, 1);
	context.fillStyle = colour;
	bars(0, line);
}

function dashed(context: CanvasRenderingContext2D, { x, y, width, height }: Rect, line: number, colour: string): void {
	const half = line / 2;
	const stroke = (style: string, dash: number[]) => {
		context.strokeStyle = style;
		context.setLineDash(dash);
		context.strokeRect(x + half, y + half, Math.max(0, width - line), Math.max(0, height - line));
	};
	context.lineWidth = line;
	stroke(shade, []);
	stroke(colour, [line * 4, line * 3]);
}

function label(context: CanvasRenderingContext2D, { text, isAlarm }: Box, at: Rect, tile: Size, ratio: number): void {
	const size = { width: Math.ceil(context.measureText(text).width + 8 * ratio), height: Math.round(16 * ratio) };
	const { x, y } = labelAt(at, size, tile, headHeight * ratio);
	context.fillStyle = isAlarm ? alarm : shade;
	context.fillRect(x, y, size.width, size.height);
	context.fillStyle = isAlarm ? onAlarm : neutral;
	context.fillText(text, x + 4 * ratio, y + size.height / 2);
}
