/** The four levels of alarms, and which of several is the worst. Pure. */
import type { AlarmView } from '$lib/api';

export type Level = 1 | 2 | 3 | 4;
export const levels: readonly Level[] = [1, 2, 3, 4];

/** A level that this page does not know counts as the nearest it does. */
export function levelOf(value: number): Level {
	return Math.min(4, Math.max(1, Math.round(value))) as Level;
}

export function isOpen({ state }: Pick<AlarmView, 'state'>): boolean {
	return state === 'new' || state === 'acknowledged' || state === 'in_progress';
}

/** The worst level of those that nobody acknowledged; undefined: there is none. */
export function worstNew(alarms: readonly Pick<AlarmView, 'state' | 'level'>[]): Level | undefined {
	const waiting = alarms.filter(({ state }) => state === 'new').map(({ level }) => level);
	return waiting.length > 0 ? levelOf(Math.max(...waiting)) : undefined;
}

/** `(3) Wall · Site`: a page's title with how many alarms are new, in front of whatever stood there before. */
export function titled(title: string, count: number): string {
	const bare = title.replace(/^\(\d+\) /, '');
	return count > 0 ? `(${count}) ${bare}` : bare;
}
