/** Draws what people keep and remark onto a row of the timeline: a line above what is locked, a flag at each bookmark. */
import type { BookmarkMark } from '$lib/api';
import { xAt, type TimeView } from './view';

interface Colours {
	readonly evidence: string;
	readonly background: string;
}

const linePx = 3;
const flagPx = 8;

export function drawLocks(context: CanvasRenderingContext2D, top: number, locks: readonly (readonly number[])[], view: TimeView, width: number, colours: Colours): void {
	for (const [from = 0, to = 0] of locks) {
		if (to < view.from || from > view.to) continue;
		const left = Math.max(0, xAt(view, from, width));
		const length = Math.max(2, Math.min(width, xAt(view, to, width)) - left);
		context.fillStyle = colours.background;
		context.fillRect(left, top, length, linePx + 1);
		context.fillStyle = colours.evidence;
		context.fillRect(left, top, length, linePx);
	}
}

export function drawBookmarks(context: CanvasRenderingContext2D, top: number, bookmarks: readonly BookmarkMark[], view: TimeView, width: number, colours: Colours): void {
	context.lineWidth = 1.5;
	context.strokeStyle = colours.background;
	context.fillStyle = colours.evidence;
	for (const { from, to } of bookmarks) {
		if (to < view.from || from > view.to) continue;
		const x = xAt(view, from, width);
		context.beginPath();
		context.moveTo(x - 1, top);
		context.lineTo(x + flagPx, top);
		context.lineTo(x + flagPx - 3, top + flagPx / 2);
		context.lineTo(x + flagPx, top + flagPx);
		context.lineTo(x + 1, top + flagPx);
		context.lineTo(x + 1, top + 2 * flagPx);
		context.lineTo(x - 1, top + 2 * flagPx);
		context.closePath();
		context.stroke();
		context.fill();
	}
}
