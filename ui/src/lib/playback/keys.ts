/** Keys of the playback page, by the character they type. */
import type { PlaybackDeck } from './deck.svelte';

/** How far J and L jump. */
export const JUMP_MS = 10_000;

export interface PlaybackActs {
	deck: PlaybackDeck;
	go: (at: number) => void;
	markIn: () => void;
	markOut: () => void;
	remark: () => void;
	group: () => void;
	boxes: () => void;
}

/** What a key does; undefined for one that is not ours, or that belongs to the field it was typed into. */
export function actOf(event: KeyboardEvent, { deck, go, markIn, markOut, remark, group, boxes }: PlaybackActs): (() => void) | undefined {
	if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
	const field = event.target instanceof HTMLElement ? event.target : undefined;
	const isChoice = field instanceof HTMLInputElement && field.type === 'checkbox';
	if (field?.matches('input, select, textarea') && !isChoice) return undefined;
	// Space and Enter press what has the focus.
	if (event.key === ' ' && (isChoice || field?.matches('button, a, summary'))) return undefined;
	const keys: Record<string, () => void> = {
		' ': () => deck.toggle(),
		k: () => deck.toggle(),
		',': () => deck.step(-1),
		'.': () => deck.step(1),
		j: () => go(deck.position - JUMP_MS),
		l: () => go(deck.position + JUMP_MS),
		'[': () => deck.faster(-1),
		']': () => deck.faster(1),
		a: () => deck.toggleSound(),
		d: boxes,
		i: markIn,
		o: markOut,
		b: remark,
		g: group
	};
	return keys[event.key.toLowerCase()];
}
