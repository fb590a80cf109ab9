/** CPU time and memory of a process and all below it, from `/proc`. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Cost {
	at: number;
	cpuMs: number;
	pssBytes: number;
}

const text = (path: string): string => {
	try {
		return readFileSync(path, 'utf8');
	} catch {
		// The process ended between listing and reading.
		return '';
	}
};

/** The fields after the command's name, which may hold spaces. */
const stat = (pid: string) => text(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];

export function cost(root: number): Cost {
	const parents = new Map<string, string>();
	for (const pid of readdirSync('/proc')) if (/^\d+$/.test(pid)) parents.set(pid, stat(pid)[1] ?? '0');
	const isBelow = (pid: string): boolean => {
		for (let at: string | undefined = pid; at && at !== '0'; at = parents.get(at)) if (at === String(root)) return true;
		return false;
	};
	const sum: Cost = { at: Date.now(), cpuMs: 0, pssBytes: 0 };
	for (const pid of parents.keys()) {
		if (!isBelow(pid)) continue;
		const fields = stat(pid);
		// utime and stime, in hundredths of a second.
		sum.cpuMs += (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
		sum.pssBytes += Number(/^Pss:\s+(\d+)/m.exec(text(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
	}
	return sum;
}

/** Percent of one core between two moments. */
export const cpuPercent = (before: Cost, after: Cost): number => ((after.cpuMs - before.cpuMs) / (after.at - before.at)) * 100;
