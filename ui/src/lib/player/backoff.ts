/** Delay before attempt `attempt` (from 0), ms: doubles from half a second to fifteen, with half of it jitter. */
export function backoffMs(attempt: number, random: number): number {
	const full = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
	return Math.round(full / 2 + (full / 2) * random);
}
