/** A week of half-hours as the painter changes it. Pure. Days from Monday, each a text of 48 letters. */

export type Slot = 'c' | 'e' | '-';
export type Week = readonly string[];

export const slots = 48;
export const brushes: readonly Slot[] = ['c', 'e', '-'];

/** A mode that half-hours may be painted with, of a week that is not a plan's. */
export interface Brush {
	letter: string;
	name: string;
	/** Told apart without its colour. */
	look: 'full' | 'striped' | 'empty';
}

/** A half-hour of the week. */
export interface Cell {
	day: number;
	slot: number;
}

export function uniform(letter: string): Week {
	return Array.from({ length: 7 }, () => letter.repeat(slots));
}

export function slotAt(week: Week, { day, slot }: Cell): Slot {
	const letter = week[day]?.[slot];
	return letter === 'c' || letter === 'e' ? letter : '-';
}

/** Everything between two corners gets the letter. */
export function paint(week: Week, from: Cell, to: Cell, letter: string): Week {
	const [top, bottom] = [Math.min(from.day, to.day), Math.max(from.day, to.day)];
	const [left, right] = [Math.min(from.slot, to.slot), Math.max(from.slot, to.slot)];
	return week.map((day, index) => (index < top || index > bottom ? day : day.slice(0, left) + letter.repeat(right - left + 1) + day.slice(right + 1)));
}

export function copyDay(week: Week, from: number, to: readonly number[]): Week {
	const source = week[from] ?? '';
	return week.map((day, index) => (to.includes(index) ? source : day));
}

/** `08:30`; the end of the day is `24:00`. */
export function timeOf(slot: number): string {
	return `${String(Math.floor(slot / 2)).padStart(2, '0')}:${slot % 2 ? '30' : '00'}`;
}

/** Where an arrow leads; at an edge it stays. */
export function moved(cell: Cell, key: string): Cell | undefined {
	const clamp = (value: number, last: number) => Math.max(0, Math.min(last, value));
	switch (key) {
		case 'ArrowLeft':
			return { ...cell, slot: clamp(cell.slot - 1, slots - 1) };
		case 'ArrowRight':
			return { ...cell, slot: clamp(cell.slot + 1, slots - 1) };
		case 'ArrowUp':
			return { ...cell, day: clamp(cell.day - 1, 6) };
		case 'ArrowDown':
			return { ...cell, day: clamp(cell.day + 1, 6) };
		case 'Home':
			return { ...cell, slot: 0 };
		case 'End':
			return { ...cell, slot: slots - 1 };
		default:
			return undefined;
	}
}

/** Hours of a week that carry a letter. */
export function hoursOf(week: Week, letter: string): number {
	return week.reduce((sum, day) => sum + [...day].filter((one) => one === letter).length, 0) / 2;
}

/** Hours of a week by letter, for the line below the painter. */
export function hours(week: Week): Record<Slot, number> {
	return { c: hoursOf(week, 'c'), e: hoursOf(week, 'e'), '-': hoursOf(week, '-') };
}
