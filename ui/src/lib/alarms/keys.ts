/** Keys of the room of alarms, by the character they type. Pure. */

export type RoomKey = 'down' | 'up' | 'open' | 'acknowledge' | 'take' | 'resolve' | 'choose' | 'filter' | 'back';

const keys: Record<string, RoomKey> = {
	j: 'down',
	arrowdown: 'down',
	k: 'up',
	arrowup: 'up',
	enter: 'open',
	a: 'acknowledge',
	t: 'take',
	r: 'resolve',
	x: 'choose',
	'/': 'filter',
	escape: 'back'
};

export interface Pressed {
	key: string;
	ctrlKey: boolean;
	altKey: boolean;
	metaKey: boolean;
	defaultPrevented: boolean;
}

/** `isTyping`: the key belongs to a field or a dialog. `isPressing`: Enter presses what has the focus. */
export function keyOf({ key, ctrlKey, altKey, metaKey, defaultPrevented }: Pressed, { isTyping, isPressing }: { isTyping: boolean; isPressing: boolean }): RoomKey | undefined {
	if (ctrlKey || altKey || metaKey || defaultPrevented || isTyping) return undefined;
	const act = keys[key.toLowerCase()];
	return act === 'open' && isPressing ? undefined : act;
}
