import { expect, test } from 'vitest';
import type { AiTaskView } from '$lib/api';
import type { Point } from '../region/geometry';
import { wishFault, wishOf, type Asked, type SceneDraft, type WishFault } from './wish';

const triangle: Point[] = [[0, 0], [1, 0], [0.5, 1]];
const scene = (change: Partial<SceneDraft> = {}): SceneDraft => ({ code: 'MOTION', region: [], lines: [], ...change });
const whole: Asked = { name: 'Gate', cameraId: 1, scenes: [scene()], dispatch: 'mixed', nodeId: undefined, numbers: [1, 2] };

test('what a task lacks before it can be saved', () => {
	const check = (change: Partial<Asked>, expected: WishFault | undefined) => expect(wishFault({ ...whole, ...change }), JSON.stringify(change)).toEqual(expected);
	check({}, undefined);
	check({ name: '  ' }, { kind: 'name' });
	check({ cameraId: 0 }, { kind: 'camera' });
	check({ scenes: [] }, { kind: 'no_scene' });
	check({ scenes: [scene(), scene({ code: 'TAMPER', region: triangle.slice(0, 2) })] }, { kind: 'region', code: 'TAMPER' });
	check({ scenes: [scene({ region: triangle })] }, undefined);
	// One that crosses itself is strange, and allowed.
	check({ scenes: [scene({ region: [[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.7]] })] }, undefined);
	check({ scenes: [scene({ lines: [[[0, 0]]] })] }, { kind: 'line', code: 'MOTION' });
	check({ scenes: [scene({ lines: [[[0, 0], [1, 1]]] })] }, undefined);
	check({ dispatch: 'fixed' }, { kind: 'node' });
	check({ dispatch: 'fixed', nodeId: 3 }, undefined);
	check({ numbers: [1, null] }, { kind: 'number' });
});

test('a task is asked for again as it stands, without what the site adds', () => {
	const task = { id: 7, version: 3, updated_at: 1, state: {}, name: 'Gate', camera_id: 1, stream: 'sub', scenes: [], dispatch: 'fixed', node_id: 2, confidence: 0.5, params: { width: 640 }, alarm_enabled: false, level: 4, schedule: null, enabled: false };
	const wish = wishOf(task as unknown as AiTaskView);
	expect(wish).toEqual({ name: 'Gate', camera_id: 1, stream: 'sub', scenes: [], dispatch: 'fixed', node_id: 2, confidence: 0.5, params: { width: 640 }, alarm_enabled: false, level: 4, schedule: null, enabled: false });
});
