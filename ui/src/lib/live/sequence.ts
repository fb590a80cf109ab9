/** Decides what to do with a numbered message. A gap or a step back means: ask for everything again. */
export function judge(last: number | undefined, sequence: number, isSnapshot: boolean): 'apply' | 'resync' | 'drop' {
	if (isSnapshot) return 'apply';
	if (last === undefined) return 'resync';
	if (sequence <= last) return 'drop';
	return sequence === last + 1 ? 'apply' : 'resync';
}

/** Delay before attempt `attempt` (from 0): doubles from half a second to ten, with half of it jitter. */
export function backoffMs(attempt: number, random: number): number {
	const full = Math.min(10_000, 500 * 2 ** Math.min(attempt, 10));
	return Math.round(full / 2 + (full / 2) * random);
}
