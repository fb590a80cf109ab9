/** Draws a dotted line along what was fetched from the camera's own storage: a recording like any other, by another way. */
import { xAt, type TimeView } from './view';

const dotPx = 2;
const apartPx = 6;

export function drawFilled(context: CanvasRenderingContext2D, middle: number, filled: readonly (readonly number[])[], view: TimeView, width: number, colour: string): void {
	context.fillStyle = colour;
	for (const [from = 0, to = 0] of filled) {
		if (to < view.from || from > view.to) continue;
		const left = Math.max(0, xAt(view, from, width));
		const right = Math.min(width, xAt(view, to, width));
		// The dots stand still while the view moves over them.
		for (let x = Math.ceil(left / apartPx) * apartPx; x + dotPx <= right; x += apartPx) context.fillRect(x, middle - dotPx / 2, dotPx, dotPx);
	}
}
