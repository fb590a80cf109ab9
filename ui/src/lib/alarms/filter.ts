/** What the list of alarms is narrowed to, as a query of the API and as a rule for what comes live. Pure. */
import type { AlarmView } from '$lib/api';
import { isOpen } from './level';

export type StateFilter = 'open' | 'new' | 'acknowledged' | 'in_progress' | 'resolved' | 'auto_closed' | 'all';
export const stateFilters: readonly StateFilter[] = ['open', 'new', 'acknowledged', 'in_progress', 'resolved', 'auto_closed', 'all'];
export const sources = ['ai', 'camera_event', 'health', 'recording', 'volume', 'node', 'push', 'login', 'rule', 'test'] as const;

export interface AlarmFilter {
	state: StateFilter;
	/** This level and above; 1 is every level. */
	level: number;
	source: string;
	/** Empty: every kind. */
	kind: string;
	camera: number | undefined;
	from: number | undefined;
	to: number | undefined;
}

export const everyOpen: AlarmFilter = { state: 'open', level: 1, source: '', kind: '', camera: undefined, from: undefined, to: undefined };

export function queryOf(filter: AlarmFilter): Record<string, string | number | undefined> {
	const isRanged = filter.from !== undefined && filter.to !== undefined;
	return {
		state: filter.state === 'all' ? undefined : filter.state,
		level: filter.level > 1 ? filter.level : undefined,
		source: filter.source || undefined,
		kind: filter.kind || undefined,
		camera_id: filter.camera,
		from: isRanged ? filter.from : undefined,
		to: isRanged ? filter.to : undefined
	};
}

export function matches(filter: AlarmFilter, alarm: AlarmView): boolean {
	if (filter.state === 'open' ? !isOpen(alarm) : filter.state !== 'all' && alarm.state !== filter.state) return false;
	if (alarm.level < filter.level) return false;
	if (filter.source && alarm.source !== filter.source) return false;
	if (filter.kind && alarm.kind !== filter.kind) return false;
	if (filter.camera !== undefined && alarm.camera_id !== filter.camera) return false;
	if (filter.from === undefined || filter.to === undefined) return true;
	return alarm.last_at >= filter.from && alarm.last_at <= filter.to;
}

/** Whether anything but the state is narrowed. */
export function isNarrowed({ level, source, kind, camera, from, to }: AlarmFilter): boolean {
	return level > 1 || source !== '' || kind !== '' || camera !== undefined || (from !== undefined && to !== undefined);
}
