/** Cameras by group, searched. Pure. */
import type { CameraView, GroupView } from '$lib/api';

export interface Branch {
	/** Undefined for cameras without a group. */
	group?: GroupView;
	branches: Branch[];
	cameras: CameraView[];
	/** With everything below. */
	all: number[];
}

const matches = (camera: CameraView, words: string[]): boolean => {
	const text = `${camera.name} ${camera.host}`.toLowerCase();
	return words.every((word) => text.includes(word));
};

export function buildTree(cameras: readonly CameraView[], groups: readonly GroupView[], search: string): Branch {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	const known = new Set(groups.map((group) => group.id));
	const parentOf = (id: number | null | undefined) => (id && known.has(id) ? id : undefined);

	const build = (group: GroupView | undefined, seen: ReadonlySet<number>): Branch => {
		const branches = groups
			.filter((one) => parentOf(one.parent_id) === group?.id && !seen.has(one.id))
			.map((one) => build(one, new Set([...seen, one.id])))
			.filter((branch) => words.length === 0 || branch.all.length > 0);
		const own = cameras.filter((camera) => parentOf(camera.group_id) === group?.id && matches(camera, words));
		return { group, branches, cameras: own, all: [...branches.flatMap((branch) => branch.all), ...own.map((camera) => camera.id)] };
	};
	return build(undefined, new Set());
}
