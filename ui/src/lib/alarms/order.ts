/**
 * A list that changes while somebody works in it. What is in it changes in its place; what is new waits beside it as long
 * as the list may not move, so that nobody clicks on a row that was another one a moment before. Pure.
 */
import type { AlarmView } from '$lib/api';
import { matches, type AlarmFilter } from './filter';

export interface LiveList {
	/** In the order on screen. */
	readonly shown: readonly AlarmView[];
	/** New ones, newest first, that wait. */
	readonly held: readonly AlarmView[];
}

/** As many as wait at most; older ones come with the next page. */
export const mostHeld = 500;

/** Newest first; what happened at the same moment by number. */
export function newestFirst(a: AlarmView, b: AlarmView): number {
	return b.last_at - a.last_at || b.id - a.id;
}

/** Takes in what the site says of some alarms. An older version than the one on screen changes nothing. */
export function heard(list: LiveList, changed: readonly AlarmView[], filter: AlarmFilter): LiveList {
	const byId = new Map(changed.map((alarm) => [alarm.id, alarm]));
	const newer = (old: AlarmView) => {
		const next = byId.get(old.id);
		return next && next.version >= old.version ? next : old;
	};
	const known = new Set([...list.shown, ...list.held].map(({ id }) => id));
	const fresh = changed.filter((alarm) => !known.has(alarm.id) && matches(filter, alarm));
	const held = [...fresh, ...list.held.map(newer).filter((alarm) => matches(filter, alarm))];
	return { shown: list.shown.map(newer), held: held.sort(newestFirst).slice(0, mostHeld) };
}

/** Now the list may move: what waited is put on top, what no longer belongs goes. */
export function settled(list: LiveList, filter: AlarmFilter): LiveList {
	const staying = list.shown.filter((alarm) => matches(filter, alarm));
	if (list.held.length === 0 && staying.length === list.shown.length) return list;
	return { shown: [...list.held, ...staying], held: [] };
}

/** How the operator has the list in hand. */
export interface Hands {
	scrollTop: number;
	/** The keyboard is at a row. */
	hasFocus: boolean;
	/** When the pointer last moved over the rows, UTC milliseconds. */
	pointedAt: number;
	now: number;
}

const pointerRestMs = 3000;

export function mayMove({ scrollTop, hasFocus, pointedAt, now }: Hands): boolean {
	return scrollTop <= 4 && !hasFocus && now - pointedAt > pointerRestMs;
}
