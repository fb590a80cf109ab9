import { expect, test } from 'vitest';
import type { CameraView, PlanView } from '$lib/api';
import { everything, rowsOf, select, type PlanFilter } from './rows';

const camera = (id: number, name: string, group?: number) =>
	({ id, name, host: `10.0.0.${id}`, group_id: group, streams: [{ path: `c${id}_main`, role: 'main' }, { path: `c${id}_sub`, role: 'sub' }] }) as unknown as CameraView;
const plan = (path: string, mode: string, enabled = true) => ({ path, mode, enabled }) as unknown as PlanView;

const cameras = [camera(1, 'Gate', 1), camera(2, 'Yard', 2), camera(3, 'Hall')];
const groups = [{ id: 1, name: 'Outside', version: 1 }, { id: 2, name: 'Back', parent_id: 1, version: 1 }];
const rows = rowsOf(cameras, [plan('c1_main', 'event'), plan('c2_main', 'schedule', false), plan('c2_sub', 'continuous')]);
const running: Record<string, string> = { c1_main: 'waiting', c2_sub: 'starting' };

test('main streams are listed, and others that have a plan', () => {
	expect(rows.map(({ path }) => path)).toEqual(['c1_main', 'c2_main', 'c2_sub', 'c3_main']);
});

test('filters combine', () => {
	const check = (filter: Partial<PlanFilter>, expected: string[]) => {
		const found = select(rows, groups, { ...everything, ...filter }, ({ path }) => running[path] ?? 'off');
		expect(found.map(({ path }) => path), JSON.stringify(filter)).toEqual(expected);
	};
	check({}, ['c1_main', 'c2_main', 'c2_sub', 'c3_main']);
	check({ search: 'yard sub' }, ['c2_sub']);
	check({ group: 1 }, ['c1_main', 'c2_main', 'c2_sub']);
	check({ group: 2, mode: 'off' }, ['c2_main']);
	check({ mode: 'event' }, ['c1_main']);
	check({ running: 'recording' }, ['c2_sub']);
	check({ running: 'waiting' }, ['c1_main']);
	check({ mode: 'off' }, ['c2_main', 'c3_main']);
});
