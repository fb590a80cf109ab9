/** What the list of results is narrowed to, and how it is asked for. Pure. */
import type { AiResultView } from '$lib/api';
import { fromLocalInput } from '$lib/timeline/zone';

export interface ResultFilter {
	camera: number;
	task: number;
	/** Empty: all. */
	scene: string;
	/** As `datetime-local` has them; empty: no end. */
	from: string;
	to: string;
	onlyAlarms: boolean;
}

export const everything: ResultFilter = { camera: 0, task: 0, scene: '', from: '', to: '', onlyAlarms: false };

export function isNarrowed(filter: ResultFilter): boolean {
	return (Object.keys(everything) as (keyof ResultFilter)[]).some((key) => filter[key] !== everything[key]);
}

/** For the site, which takes both ends of a range or neither; undefined of one that ends before it begins. */
export function queryOf({ camera, task, scene, from, to, onlyAlarms }: ResultFilter, timeZone: string, now: number): Record<string, string | number | boolean | undefined> | undefined {
	const [begin, end] = [fromLocalInput(from, timeZone), fromLocalInput(to, timeZone)];
	const range = begin === undefined && end === undefined ? {} : { from: begin ?? 0, to: end ?? now };
	if (range.from !== undefined && range.from >= range.to) return undefined;
	return { camera_id: camera || undefined, task_id: task || undefined, scene: scene || undefined, only_alarms: onlyAlarms || undefined, ...range };
}

/** How many of each label, most first; a node's own counts say it better where it sent some. */
export function labelsOf({ objects, label_counts, problem_counts }: Pick<AiResultView, 'objects' | 'label_counts' | 'problem_counts'>): { label: string; count: number }[] {
	const counts = new Map<string, number>();
	if (label_counts.length > 0) for (const { label, count } of label_counts) counts.set(label, count);
	else for (const { label } of objects) counts.set(label, (counts.get(label) ?? 0) + 1);
	for (const { label, count } of problem_counts) if (!counts.has(label)) counts.set(label, count);
	return [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count || a.label.localeCompare(b.label));
}
