/** Draws alarms onto a row of the timeline. Their levels differ in shape and number as well as in colour, as they do everywhere. */
import type { AlarmFlag } from './alarm_flags';

export type AlarmColours = Record<1 | 2 | 3 | 4, string>;

const barPx = 2;
const half = 7;

/** `middle` is the row's. Flags of alarms that nobody has to look at any more are hollow. */
export function drawAlarmFlags(context: CanvasRenderingContext2D, middle: number, flags: readonly AlarmFlag[], colours: AlarmColours, ground: string): void {
	for (const { x, length, alarms } of flags) {
		const [first] = alarms;
		if (!first) continue;
		const level = Math.min(4, Math.max(1, Math.round(first.level))) as 1 | 2 | 3 | 4;
		const colour = colours[level];
		context.fillStyle = colour;
		if (length > half) context.fillRect(x, middle - barPx / 2, length, barPx);
		context.beginPath();
		outline(context, level, Math.max(half, x), middle);
		context.closePath();
		context.lineWidth = 3;
		context.strokeStyle = ground;
		context.stroke();
		context.fillStyle = first.isOpen ? colour : ground;
		context.fill();
		context.lineWidth = 1.5;
		context.strokeStyle = colour;
		context.stroke();
		context.fillStyle = first.isOpen ? ground : colour;
		context.font = '600 9px system-ui, sans-serif';
		context.textAlign = 'center';
		context.textBaseline = 'middle';
		context.fillText(alarms.length > 1 ? (alarms.length > 9 ? '+' : String(alarms.length)) : '!', Math.max(half, x), middle + (level === 3 ? 2 : 0.5));
		context.textAlign = 'start';
	}
}

function outline(context: CanvasRenderingContext2D, level: 1 | 2 | 3 | 4, x: number, y: number): void {
	if (level === 1) return context.arc(x, y, half - 0.5, 0, 2 * Math.PI);
	const corner = half * 0.42;
	const points: Record<2 | 3 | 4, [number, number][]> = {
		2: [[0, -half - 1], [half + 1, 0], [0, half + 1], [-half - 1, 0]],
		3: [[0, -half - 1], [half + 1, half], [-half - 1, half]],
		4: [[-corner, -half], [corner, -half], [half, -corner], [half, corner], [corner, half], [-corner, half], [-half, corner], [-half, -corner]]
	};
	points[level].forEach(([dx, dy], index) => (index === 0 ? context.moveTo(x + dx, y + dy) : context.lineTo(x + dx, y + dy)));
}
