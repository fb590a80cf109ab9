/** Which cameras the table shows and how it sorts them. Pure. */
import type { CameraView, GroupView, HealthStatus, StreamStatus } from '$lib/api';
import { healthOrder, needsAttention } from '$lib/camera/health';
import { toneOf, worst } from './status';

export type StateFilter = 'all' | 'problem' | 'live' | 'disabled' | 'not_recording';

/** `none` are cameras without a group; a group includes the groups inside it. */
export type GroupFilter = 'all' | 'none' | number;

export interface Filter {
	search: string;
	group: GroupFilter;
	state: StateFilter;
}

type StatusOf = (path: string) => StreamStatus | undefined;
type HealthOf = (camera: CameraView) => HealthStatus;
const listed: HealthOf = (camera) => camera.health as HealthStatus;

export function statusOf(camera: CameraView, statuses: StatusOf): StreamStatus | undefined {
	return worst(camera.streams.map((stream) => statuses(stream.path)));
}

export function recordingOf(camera: CameraView, statuses: StatusOf): StreamStatus | undefined {
	const all = camera.streams.map((stream) => statuses(stream.path));
	const planned = all.filter((status) => status && status.recording !== 'off');
	return planned.find((status) => status?.recording === 'not_recording') ?? planned[0] ?? all[0];
}

function matchesState(camera: CameraView, state: StateFilter, statuses: StatusOf, healthOf: HealthOf): boolean {
	if (state === 'all') return true;
	if (state === 'disabled') return !camera.enabled;
	if (!camera.enabled) return false;
	if (state === 'not_recording') return recordingOf(camera, statuses)?.recording === 'not_recording';
	const status = statusOf(camera, statuses);
	return state === 'live' ? status?.phase === 'live' : status?.code !== undefined || toneOf(status) === 'alarm' || needsAttention(camera, healthOf(camera));
}

/** A group and all groups inside it, however deep; circles end. */
export function branchOf(id: number, groups: readonly GroupView[]): Set<number> {
	const branch = new Set([id]);
	for (let size = 0; size !== branch.size; ) {
		size = branch.size;
		for (const group of groups) if (group.parent_id && branch.has(group.parent_id)) branch.add(group.id);
	}
	return branch;
}

export function select(cameras: readonly CameraView[], groups: readonly GroupView[], filter: Filter, statuses: StatusOf, healthOf = listed): CameraView[] {
	const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
	const known = new Set(groups.map((group) => group.id));
	const branch = typeof filter.group === 'number' ? branchOf(filter.group, groups) : undefined;
	const inGroup = (camera: CameraView) => {
		if (filter.group === 'all') return true;
		const id = camera.group_id && known.has(camera.group_id) ? camera.group_id : undefined;
		return branch ? id !== undefined && branch.has(id) : id === undefined;
	};
	return cameras.filter((camera) => {
		if (!inGroup(camera)) return false;
		const text = `${camera.name} ${camera.host}`.toLowerCase();
		return words.every((word) => text.includes(word) || word === String(camera.id)) && matchesState(camera, filter.state, statuses, healthOf);
	});
}

/** Groups as the tree shows them: each after the one it lies in. Groups in a circle come last, at the top level. */
export function orderedGroups(groups: readonly GroupView[]): { group: GroupView; depth: number; path: string }[] {
	const rows: { group: GroupView; depth: number; path: string }[] = [];
	const known = new Set(groups.map((group) => group.id));
	const seen = new Set<number>();
	const add = (group: GroupView, depth: number, above: string) => {
		if (seen.has(group.id)) return;
		seen.add(group.id);
		const path = above ? `${above} / ${group.name}` : group.name;
		rows.push({ group, depth, path });
		for (const one of groups) if (one.parent_id === group.id) add(one, depth + 1, path);
	};
	for (const group of groups) if (!group.parent_id || !known.has(group.parent_id)) add(group, 0, '');
	for (const group of groups) add(group, 0, '');
	return rows;
}

/** The worst first; among equals the worst stream. */
export function urgency(camera: CameraView, statuses: StatusOf, healthOf = listed): number {
	return healthOrder(camera, healthOf(camera).state) * 10 + ['alarm', 'warning', 'live', 'idle'].indexOf(toneOf(statusOf(camera, statuses)));
}
