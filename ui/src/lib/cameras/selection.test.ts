import { describe, expect, test } from 'vitest';
import type { CameraView, GroupView, StreamStatus } from '$lib/api';
import { branchOf, orderedGroups, select, urgency, type Filter } from './selection';

const status = (phase: string, recording = 'recording', code?: string): StreamStatus => ({ phase, recording, code, since: 0, reconnects: 0, viewers: 0, bitrate_kbps: 0, frame_rate: 0 });
const camera = (id: number, name: string, group_id: number | undefined, now: StreamStatus, enabled = true): CameraView => ({
	id, name, group_id, host: `10.0.0.${id}`, channel: 1, enabled, has_password: false, version: 1, created_at: 0, ptz: false, health: { state: 'online', since: 0 },
	streams: [{ path: `cam${id}`, role: 'main', url: '', engine: 'auto', transport: 'auto', status: now }]
});
const group = (id: number, parent_id?: number): GroupView => ({ id, name: `g${id}`, parent_id, version: 1 });

const groups = [group(1), group(2, 1), group(3)];
const cameras = [
	camera(1, 'Gate', 1, status('live')),
	camera(2, 'Yard', 2, status('waiting', 'not_recording', 'connect_timeout')),
	camera(3, 'Hall', undefined, status('needs_attention', 'off', 'credentials_wrong')),
	camera(4, 'Attic', 99, status('disabled', 'off'), false)
];
const statuses = (path: string) => cameras.flatMap((one) => one.streams).find((stream) => stream.path === path)?.status;

test('search, group and state narrow the list', () => {
	const check = (filter: Partial<Filter>, expected: number[]) =>
		expect(select(cameras, groups, { search: '', group: 'all', state: 'all', ...filter }, statuses).map((one) => one.id)).toEqual(expected);
	check({}, [1, 2, 3, 4]);
	check({ search: 'YA' }, [2]);
	check({ search: '10.0.0. ha' }, [3]);
	check({ search: '4' }, [4]);
	check({ group: 1 }, [1, 2]);
	check({ group: 2 }, [2]);
	check({ group: 3 }, []);
	check({ group: 'none' }, [3, 4]);
	check({ state: 'live' }, [1]);
	check({ state: 'problem' }, [2, 3]);
	check({ state: 'not_recording' }, [2]);
	check({ state: 'disabled' }, [4]);
	check({ state: 'problem', group: 1 }, [2]);
});

test('the worst comes first', () => {
	expect([...cameras].sort((a, b) => urgency(a, statuses) - urgency(b, statuses)).map((one) => one.id)).toEqual([3, 2, 1, 4]);
});

describe('groups', () => {
	test('stand below the one they lie in', () => {
		const check = (list: GroupView[], expected: string[]) => expect(orderedGroups(list).map(({ depth, path }) => `${depth} ${path}`)).toEqual(expected);
		check(groups, ['0 g1', '1 g1 / g2', '0 g3']);
		check([group(2, 1), group(1)], ['0 g1', '1 g1 / g2']);
		check([group(1, 2), group(2, 1)], ['0 g1', '1 g1 / g2']);
		check([group(5, 77)], ['0 g5']);
	});

	test('hold what lies in them, and circles end', () => {
		expect([...branchOf(1, groups)]).toEqual([1, 2]);
		expect([...branchOf(1, [group(1, 2), group(2, 1)])]).toEqual([1, 2]);
	});
});
