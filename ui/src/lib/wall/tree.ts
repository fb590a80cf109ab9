/** Cameras by group: counted, searched and laid out as rows, so that only the visible ones need elements. Pure. */
import type { CameraView, GroupView } from '$lib/api';

export interface GroupRow {
	kind: 'group';
	key: string;
	group: GroupView;
	depth: number;
	/** All cameras of this branch, in the order of the list. */
	all: number[];
	isOpen: boolean;
}

export interface CameraRow {
	kind: 'camera';
	key: string;
	camera: CameraView;
	depth: number;
}

export type Row = GroupRow | CameraRow;

export interface TreeInput {
	cameras: readonly CameraView[];
	groups: readonly GroupView[];
	search: string;
	/** Groups folded by the user; a search looks into them all the same. */
	closed: ReadonlySet<number>;
	/** Only cameras that pass; all when absent. */
	passes?: (camera: CameraView) => boolean;
}

/** Words in any order; each in the name, the address, the group or as the number. */
function matcher(search: string): ((camera: CameraView, path: string) => boolean) | undefined {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return undefined;
	return (camera, path) => {
		const text = `${camera.name} ${camera.host} ${path}`.toLowerCase();
		return words.every((word) => text.includes(word) || word === String(camera.id));
	};
}

function byKey<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
	const found = new Map<number, T[]>();
	for (const item of items) {
		const key = keyOf(item);
		const list = found.get(key);
		if (list) list.push(item);
		else found.set(key, [item]);
	}
	return found;
}

/** Rows from top to bottom, and the cameras that are found. One pass over cameras and groups, however many. */
export function treeRows({ cameras, groups, search, closed, passes }: TreeInput): { rows: Row[]; found: number[] } {
	const matches = matcher(search);
	const isFiltered = matches !== undefined || passes !== undefined;
	const known = new Map(groups.map((group) => [group.id, group]));
	const root = 0;
	const parentOf = (id: number | null | undefined) => (id && known.has(id) ? id : root);
	const children = byKey(groups, (group) => parentOf(group.parent_id));
	const members = byKey(cameras, (camera) => parentOf(camera.group_id));
	const seen = new Set<number>();

	const add = (group: GroupView, depth: number, path: string, rows: Row[]): number[] => {
		if (seen.has(group.id)) return [];
		seen.add(group.id);
		const inner: Row[] = [];
		const below = walk(group.id, depth + 1, `${path} ${group.name}`, inner);
		if (isFiltered && below.length === 0) return [];
		const isOpen = isFiltered || !closed.has(group.id);
		rows.push({ kind: 'group', key: `g${group.id}`, group, depth, all: below, isOpen });
		if (isOpen) for (const row of inner) rows.push(row);
		return below;
	};
	const walk = (id: number, depth: number, path: string, rows: Row[]): number[] => {
		const all: number[] = [];
		for (const group of children.get(id) ?? []) {
			for (const id of add(group, depth, path, rows)) all.push(id);
		}
		for (const camera of members.get(id) ?? []) {
			if ((matches && !matches(camera, path)) || (passes && !passes(camera))) continue;
			rows.push({ kind: 'camera', key: `c${camera.id}`, camera, depth });
			all.push(camera.id);
		}
		return all;
	};
	const rows: Row[] = [];
	const found = walk(root, 0, '', rows);
	// Groups that only contain each other would be lost; they are shown at the top.
	for (const group of groups) for (const id of add(group, 0, '', rows)) found.push(id);
	return { rows, found };
}

/** The rows that a window of `height` scrolled to `top` needs, with some beyond its edges. */
export function visibleRange(count: number, rowHeight: number, top: number, height: number): { from: number; to: number } {
	const spare = 8;
	const from = Math.max(0, Math.min(count, Math.floor(top / rowHeight) - spare));
	return { from, to: Math.min(count, Math.ceil((top + height) / rowHeight) + spare) };
}
