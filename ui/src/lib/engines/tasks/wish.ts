/** A task as it is asked for, and what it lacks. Pure. */
import type { AiTaskView, AiTaskWish } from '$lib/api';
import { faultOf, isLine, type Point } from '../region/geometry';

export const mostScenes = 32;
export const dispatches = ['mixed', 'single', 'split', 'fixed'] as const;
export type Dispatch = (typeof dispatches)[number];
export const levels = [1, 2, 3, 4] as const;

export interface SceneDraft {
	code: string;
	region: readonly Point[];
	lines: readonly (readonly Point[])[];
}

/** Everything of a task that somebody asks for, as it stands. */
export function wishOf(task: AiTaskView): AiTaskWish {
	const { name, camera_id, stream, scenes, dispatch, node_id, confidence, params, alarm_enabled, level, schedule, enabled } = task;
	return { name, camera_id, stream, scenes, dispatch, node_id, confidence, params, alarm_enabled, level, schedule, enabled };
}

export type WishFault =
	| { kind: 'name' | 'camera' | 'no_scene' | 'node' | 'number' }
	/** Of one scene. */
	| { kind: 'region' | 'line'; code: string };

export interface Asked {
	name: string;
	cameraId: number;
	scenes: readonly SceneDraft[];
	dispatch: Dispatch;
	nodeId: number | undefined;
	/** Fields of numbers; null while one is empty. */
	numbers: readonly (number | null)[];
}

/** The first thing that keeps a task from being saved. */
export function wishFault({ name, cameraId, scenes, dispatch, nodeId, numbers }: Asked): WishFault | undefined {
	if (name.trim() === '') return { kind: 'name' };
	if (cameraId === 0) return { kind: 'camera' };
	if (scenes.length === 0) return { kind: 'no_scene' };
	for (const { code, region, lines } of scenes) {
		const fault = faultOf(region);
		if (fault === 'few' || fault === 'flat') return { kind: 'region', code };
		if (!lines.every(isLine)) return { kind: 'line', code };
	}
	if (dispatch === 'fixed' && nodeId === undefined) return { kind: 'node' };
	return numbers.includes(null) ? { kind: 'number' } : undefined;
}

