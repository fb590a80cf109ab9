/** What a browser benchmark measured, one JSON object a line, in the file that `make bench` names and reads. */
import { appendFileSync } from 'node:fs';

export interface Figures {
	table: string;
	contender: string;
	/** Of every round, by column. The name of the column says the unit. */
	columns: Record<string, number[]>;
	note?: string;
}

export const rounds = Number(process.env.WATCHWALL_BENCH_ROUNDS ?? 5);
export const secondsPerRound = Number(process.env.WATCHWALL_BENCH_SECONDS ?? 20);

export function report(figures: Figures): void {
	// Pairs keep their order in every language.
	const line = JSON.stringify({ ...figures, columns: Object.entries(figures.columns) });
	console.log(line);
	if (process.env.WATCHWALL_BENCH_ROWS) appendFileSync(process.env.WATCHWALL_BENCH_ROWS, `${line}\n`);
}
