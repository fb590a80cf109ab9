import { expect, test } from 'vitest';
import type { CameraView, GroupView } from '$lib/api';
import { treeRows, visibleRange, type TreeInput } from './tree';

const camera = (id: number, name: string, group_id?: number): CameraView => ({
	id, name, group_id, host: `10.0.0.${id}`, channel: 1, enabled: true, has_password: false, ptz: false, health: { state: 'online', since: 0 }, streams: [], version: 1, created_at: 0
});
const group = (id: number, parent_id?: number): GroupView => ({ id, name: `floor ${id}`, parent_id, version: 1 });
const cameras = [camera(1, 'Gate', 1), camera(2, 'Yard', 2), camera(3, 'Hall'), camera(4, 'Lost', 99)];
const groups = [group(1), group(2, 1)];

function check(input: Partial<TreeInput>, expected: string[], found: number[]) {
	const tree = treeRows({ cameras, groups, search: '', closed: new Set(), ...input });
	const drawn = tree.rows.map((row) => `${'  '.repeat(row.depth)}${row.kind === 'group' ? `${row.isOpen ? '-' : '+'}${row.group.id}:${row.all.length}` : row.camera.name}`);
	expect(drawn).toEqual(expected);
	expect(tree.found).toEqual(found);
}

test('groups nest, count what is in them and fold', () => {
	check({}, ['-1:2', '  -2:1', '    Yard', '  Gate', 'Hall', 'Lost'], [2, 1, 3, 4]);
	check({ closed: new Set([2]) }, ['-1:2', '  +2:1', '  Gate', 'Hall', 'Lost'], [2, 1, 3, 4]);
	check({ closed: new Set([1]) }, ['+1:2', 'Hall', 'Lost'], [2, 1, 3, 4]);
});

test('a search looks at names, addresses, groups and numbers, also in folded groups', () => {
	check({ search: 'ya', closed: new Set([1]) }, ['-1:1', '  -2:1', '    Yard'], [2]);
	check({ search: '10.0.0.3' }, ['Hall'], [3]);
	check({ search: ' FLOOR  2 ' }, ['-1:1', '  -2:1', '    Yard'], [2]);
	check({ search: 'nothing' }, [], []);
	check({ passes: (one) => one.id === 4 }, ['Lost'], [4]);
});

test('groups in a circle neither hang nor hide their cameras', () => {
	check({ groups: [group(1, 2), group(2, 1)] }, ['Hall', 'Lost', '-1:2', '  -2:1', '    Yard', '  Gate'], [3, 4, 2, 1]);
});

test('a thousand cameras in forty groups', () => {
	const many = Array.from({ length: 1000 }, (_, index) => camera(index + 1, `Camera ${index}`, (index % 40) + 1));
	const halls = Array.from({ length: 40 }, (_, index) => group(index + 1, index > 4 ? (index % 4) + 1 : undefined));
	const { rows } = treeRows({ cameras: many, groups: halls, search: '', closed: new Set() });
	expect(rows).toHaveLength(1040);
});

test('only rows near the window are needed', () => {
	const range = (count: number, top: number, height: number, from: number, to: number) => expect(visibleRange(count, 28, top, height)).toEqual({ from, to });
	range(0, 0, 500, 0, 0);
	range(500, 0, 280, 0, 18);
	range(500, 2800, 280, 92, 118);
	range(20, 9999, 280, 20, 20);
});
