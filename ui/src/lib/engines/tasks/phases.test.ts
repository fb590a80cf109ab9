import { expect, test } from 'vitest';
import type { AiTaskView } from '$lib/api';
import { everything, failedScene, phaseTone, sceneTone, select, type TaskFilter } from './phases';

const task = (id: number, name: string, phase: string, camera = 1, codes = ['MOTION']) => ({ id, name, camera_id: camera, scenes: codes.map((code) => ({ code })), state: { phase, scenes: [] } }) as unknown as AiTaskView;
const tasks = [task(1, 'Gate 10', 'running'), task(2, 'Gate 9', 'running'), task(3, 'Yard', 'off', 2, ['LINE_CROSSING']), task(4, 'Hall', 'failed', 3), task(5, 'Attic', 'waiting', 3), task(6, 'Dock', 'interrupted', 4)];

test('those that need somebody come first', () => {
	const check = (filter: Partial<TaskFilter>, expected: number[]) =>
		expect(select(tasks, { ...everything, ...filter }, (id) => `camera ${id}`, 'en').map(({ id }) => id), JSON.stringify(filter)).toEqual(expected);
	check({}, [4, 6, 5, 2, 1, 3]);
	check({ phase: 'interrupted' }, [6]);
	check({ phase: 'running' }, [2, 1]);
	check({ camera: 3 }, [4, 5]);
	check({ search: 'gate' }, [2, 1]);
	check({ search: 'CAMERA 2' }, [3]);
	check({ search: 'line_cr' }, [3]);
	check({ search: 'hall', phase: 'off' }, []);
});

test('what a node said is told apart from its scene', () => {
	expect(failedScene('MOTION: stream_missing')).toEqual({ scene: 'MOTION', failure: 'stream_missing' });
	expect(failedScene('X.1: no model: none')).toEqual({ scene: 'X.1', failure: 'no model: none' });
	// A list of scenes is none.
	expect(failedScene('MOTION, TAMPER')).toBeUndefined();
	expect(failedScene(null)).toBeUndefined();
});

test('tones', () => {
	expect(['off', 'waiting', 'starting', 'running', 'partly', 'interrupted', 'failed', 'new'].map(phaseTone)).toEqual(['idle', 'warning', 'warning', 'live', 'warning', 'alarm', 'alarm', 'idle']);
	const check = (state: string, failure: string | null, expected: string) => expect(sceneTone({ state, failure })).toBe(expected);
	check('running', 'once', 'live');
	check('empty', null, 'idle');
	check('empty', 'no model', 'alarm');
	check('asked', null, 'warning');
});
