/**
 * Whether this machine can show what a limit in milliseconds is about. Pictures wait for a processor that others hold,
 * and no player can help that: then the figures are printed and not judged, and the log says so.
 */
import { cpus, loadavg } from 'node:os';

const leastShare = 0.5;

/** The part of one processor that a program gets which wants all of it, 0 to 1. */
function share(forMs = 300): number {
	const start = performance.now();
	const used = process.cpuUsage();
	while (performance.now() - start < forMs);
	const { user, system } = process.cpuUsage(used);
	return (user + system) / 1000 / (performance.now() - start);
}

/** Runs `measure` and then `judge` with what it found, unless the processor was taken before or after. */
export async function judged<T>(what: string, measure: () => Promise<T>, judge: (found: T) => void): Promise<T> {
	const before = share();
	const found = await measure();
	const least = Math.min(before, share());
	if (least >= leastShare) judge(found);
	else console.log(`skipped: ${what}: other programs keep this machine busy (${Math.round(least * 100)} % of a processor left, load ${loadavg()[0]?.toFixed(1)} on ${cpus().length})`);
	return found;
}
