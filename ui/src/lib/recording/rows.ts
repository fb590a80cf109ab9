/** Which plans the list shows. Pure. */
import type { CameraView, GroupView, PlanView } from '$lib/api';
import { branchOf } from '$lib/cameras/selection';

/** A stream with its plan, or without one yet. */
export interface PlanRow {
	path: string;
	camera: CameraView;
	role: string;
	isMain: boolean;
	plan?: PlanView;
}

export type ModeFilter = 'all' | 'continuous' | 'schedule' | 'event' | 'off';
export type RunningFilter = 'all' | 'recording' | 'waiting' | 'not_recording' | 'off';

export interface PlanFilter {
	search: string;
	group: 'all' | number;
	mode: ModeFilter;
	running: RunningFilter;
}

export const everything: PlanFilter = { search: '', group: 'all', mode: 'all', running: 'all' };

/** Every camera's main stream, and its other streams that have a plan. */
export function rowsOf(cameras: readonly CameraView[], plans: readonly PlanView[]): PlanRow[] {
	const planOf = new Map(plans.map((plan) => [plan.path, plan]));
	return cameras.flatMap((camera) =>
		camera.streams
			.map((stream, index) => ({ path: stream.path, camera, role: stream.role, isMain: index === 0, plan: planOf.get(stream.path) }))
			.filter((row) => row.isMain || row.plan)
	);
}

/** What is wanted: a plan that is switched off wants nothing, whatever its mode. */
export function modeOf({ plan }: PlanRow): Exclude<ModeFilter, 'all'> {
	return plan?.enabled ? (plan.mode as 'continuous' | 'schedule' | 'event') : 'off';
}

export function select(rows: readonly PlanRow[], groups: readonly GroupView[], filter: PlanFilter, runningOf: (row: PlanRow) => string): PlanRow[] {
	const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
	const branch = filter.group === 'all' ? undefined : branchOf(filter.group, groups);
	return rows.filter((row) => {
		if (branch && !branch.has(row.camera.group_id ?? -1)) return false;
		if (filter.mode !== 'all' && modeOf(row) !== filter.mode) return false;
		const running = runningOf(row);
		if (filter.running !== 'all' && running !== filter.running && !(filter.running === 'recording' && running === 'starting')) return false;
		const text = `${row.camera.name} ${row.camera.host} ${row.path}`.toLowerCase();
		return words.every((word) => text.includes(word));
	});
}
