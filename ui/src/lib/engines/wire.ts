/** Mirrors what the API says of engines and its document does not have yet: the scene catalogue and two messages of `/ws/web-notify`. */
import type { AiObjectView, ApiPath } from '$lib/api/types';

export interface SceneKind {
	code: string;
	category: string;
	name: { en: string; zh_cn: string };
	/** What has to be drawn for it. */
	needs: 'nothing' | 'region' | 'lines';
	/** Labels of what it finds wrong. */
	problems: string[];
}

export interface SceneCatalogue {
	items: SceneKind[];
}

export const scenesPath = '/ai-scenes' as string as ApiPath;

/** Topic `nodes`: how nodes or tasks stand has changed; at most two a second. */
export interface AnalyticsChanged {
	type: 'analytics_changed';
	sequence: number;
}

/** Topic `results:{camera_id}`: what was found in one picture. */
export interface AiResultMessage {
	type: 'ai_result';
	sequence: number;
	result: LiveResult;
}

export interface LiveResult {
	task_id: number;
	camera_id: number;
	/** When the picture was taken, UTC milliseconds. */
	at: number;
	scenes: LiveScene[];
}

export interface LiveScene {
	scene: string;
	is_alarm: boolean;
	/** 0 to 1. */
	confidence: number;
	objects: AiObjectView[];
}
