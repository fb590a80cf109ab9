/** Words about filled gaps that need no screen. Pure. */

interface Stands {
	readonly state: string;
}

export function isOver({ state }: Stands): boolean {
	return state !== 'waiting' && state !== 'running';
}

export function isUnderWay({ state }: Stands): boolean {
	return state === 'running';
}

/** How far it is: 0 to 1. */
export function shareOf({ from, to, filled_ms }: { from: number; to: number; filled_ms: number }): number {
	return to > from ? Math.min(1, Math.max(0, filled_ms / (to - from))) : 0;
}

export function toneOf({ state }: Stands): 'live' | 'warning' | 'alarm' | 'idle' {
	if (state === 'done') return 'live';
	if (state === 'failed') return 'alarm';
	return isOver({ state }) ? 'idle' : 'warning';
}
