/** Keys of a camera that is being moved: held, not pressed. */
import type { PtzControl } from './ptz.svelte';
import { speedOfKeys, still } from './ptz_aim';

const steering = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', '+', '=', '-']);
const held = new Set<string>();

/** False for a key without a meaning here. */
export function ptzKeyDown(event: KeyboardEvent, ptz: PtzControl): boolean {
	if (steering.has(event.key)) {
		held.add(event.key);
		ptz.steer(speedOfKeys(held, event.shiftKey));
		return true;
	}
	if (/^[1-9]$/.test(event.key)) {
		if (!event.repeat) ptz.preset(Number(event.key));
		return true;
	}
	if (event.key !== 'Home') return false;
	if (!event.repeat) ptz.home();
	return true;
}

export function ptzKeyUp(event: KeyboardEvent, ptz: PtzControl | undefined): void {
	// With Shift, `+` goes up as `=` on many keyboards.
	if (event.key === '+' || event.key === '=') for (const key of ['+', '=']) held.delete(key);
	if (!held.delete(event.key) && event.key !== '+' && event.key !== '=' && event.key !== 'Shift') return;
	ptz?.steer(speedOfKeys(held, event.shiftKey));
}

/** The window no longer hears which keys go up. */
export function forgetKeys(ptz: PtzControl | undefined): void {
	held.clear();
	ptz?.steer(still);
}
