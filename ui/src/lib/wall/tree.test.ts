import { expect, test } from 'vitest';
import type { CameraView, GroupView } from '$lib/api';
import { buildTree } from './tree';

const camera = (id: number, name: string, group_id?: number): CameraView => ({
	id, name, group_id, host: `10.0.0.${id}`, channel: 1, enabled: true, has_password: false, streams: [], version: 1, created_at: 0
});
const group = (id: number, parent_id?: number): GroupView => ({ id, name: `g${id}`, parent_id, version: 1 });
const cameras = [camera(1, 'Gate', 1), camera(2, 'Yard', 2), camera(3, 'Hall'), camera(4, 'Lost', 99)];

test('groups nest, and a search keeps only what matches', () => {
	const check = (search: string, all: number[], branches: number) => {
		const tree = buildTree(cameras, [group(1), group(2, 1)], search);
		expect(tree.all).toEqual(all);
		expect(tree.branches).toHaveLength(branches);
	};
	check('', [2, 1, 3, 4], 1);
	check('ya', [2], 1);
	check('10.0.0.3', [3], 0);
	check('nothing', [], 0);
});

test('groups in a circle do not hang', () => {
	expect(buildTree(cameras, [group(1, 2), group(2, 1)], '').all).toEqual([3, 4]);
});
