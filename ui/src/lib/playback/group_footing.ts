/** What all tiles of a page together can show, as a playback group is told it. Pure. */
import type { GroupFooting } from '$lib/api';
import type { Footing } from './clock';

/** The clock this far past all that came: the page has run dry. */
const DRY_MS = 250;
/** And has enough again with this much ahead. */
const FILLED_MS = 500;

export interface Standing {
	at: number;
	speed: number;
	/** What was told last. */
	before: GroupFooting['kind'];
}

export function groupFooting({ at, speed, before }: Standing, tiles: readonly Footing[]): GroupFooting {
	const direction = speed < 0 ? -1 : 1;
	// A page without cameras waits for nothing.
	if (tiles.length === 0) return { kind: 'ended' };
	if (tiles.some((tile) => !tile.isReady)) return { kind: 'preparing' };
	if (tiles.every((tile) => tile.isEnded || tile.waitsUntil !== undefined)) {
		const nexts = tiles.flatMap((tile) => tile.waitsUntil ?? []);
		return nexts.length === 0 ? { kind: 'ended' } : { kind: 'apart', next: Math.round(nearest(nexts, direction)) };
	}
	const reaches = tiles.flatMap((tile) => (tile.isEnded ? [] : (tile.reach ?? [])));
	// Nothing has come, and nothing is known to be missing: it waits at the edge of what is being recorded.
	if (reaches.length === 0) return { kind: 'dry', reach: Math.round(at) };
	const reach = nearest(reaches, direction === 1 ? -1 : 1);
	const ahead = (reach - at) * direction;
	const scale = Math.abs(speed);
	const isDry = ahead < (before === 'dry' ? FILLED_MS * scale : -DRY_MS * scale);
	return isDry ? { kind: 'dry', reach: Math.round(reach) } : { kind: 'ready' };
}

function nearest(moments: readonly number[], direction: 1 | -1): number {
	return direction === 1 ? Math.min(...moments) : Math.max(...moments);
}

/** Whether the group has to hear it: what it decides by is another. */
export function isNews(before: GroupFooting | undefined, now: GroupFooting): boolean {
	if (before?.kind !== now.kind) return true;
	if (now.kind === 'apart' && before.kind === 'apart') return now.next !== before.next;
	// A clock that is held follows what trickles in.
	return now.kind === 'dry' && before.kind === 'dry' && Math.abs(now.reach - before.reach) >= 40;
}
