/** A length of time as people type it: a number and its unit. Pure. */
export type Unit = 's' | 'min' | 'h';
export const units: readonly Unit[] = ['s', 'min', 'h'];
const seconds: Record<Unit, number> = { s: 1, min: 60, h: 3600 };

/** The largest unit that leaves a whole number. */
export function unitOf(value: number): Unit {
	if (value > 0 && value % 3600 === 0) return 'h';
	return value > 0 && value % 60 !== 0 ? 's' : 'min';
}

export function inUnit(value: number, unit: Unit): number {
	return Math.round((value / seconds[unit]) * 1000) / 1000;
}

export function toSeconds(value: number, unit: Unit): number {
	return Math.round(value * seconds[unit]);
}
