/** Draws what cameras noticed onto a row of the timeline. */
import type { Family, MarkShape } from './marks';

export type MarkColours = Record<Family, string>;

const barPx = 3;
const halfPx = 4.5;

/** `bottom` is the lower edge of the row's recordings. Shapes have an edge in `ground`, so that they stand out on any colour. */
export function drawMarkShapes(context: CanvasRenderingContext2D, bottom: number, shapes: readonly MarkShape[], colours: MarkColours, ground: string): void {
	for (const { family, x, length } of shapes) {
		if (length < 1) continue;
		context.fillStyle = ground;
		context.fillRect(x, bottom - barPx - 1, length, barPx + 2);
		context.fillStyle = colours[family];
		context.fillRect(x, bottom - barPx, length, barPx);
	}
	context.lineWidth = 1.5;
	context.strokeStyle = ground;
	for (const { family, x, isBare } of shapes) {
		if (isBare) continue;
		context.beginPath();
		outline(context, family, x, bottom - halfPx);
		context.closePath();
		context.fillStyle = colours[family];
		context.stroke();
		context.fill();
	}
}

function outline(context: CanvasRenderingContext2D, family: Family, x: number, y: number): void {
	const r = halfPx;
	if (family === 'signal') context.arc(x, y, r - 0.5, 0, 2 * Math.PI);
	else if (family === 'trouble') context.rect(x - r + 0.5, y - r + 0.5, 2 * r - 1, 2 * r - 1);
	else if (family === 'rule') polygon(context, [[x, y - r], [x + r, y + r], [x - r, y + r]]);
	else if (family === 'subject') polygon(context, [[x, y - r], [x + r, y], [x, y + r], [x - r, y]]);
	else polygon(context, [[x - 1.5, y - r], [x + 1.5, y - r], [x + 1.5, y + r], [x - 1.5, y + r]]);
}

function polygon(context: CanvasRenderingContext2D, points: [number, number][]): void {
	points.forEach(([x, y], index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
}
