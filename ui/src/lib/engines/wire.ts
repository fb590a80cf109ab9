/** What the API says of engines, by the names this room uses. */
import type { AiOverlayScene, AiOverlayView, AiSceneType } from '$lib/api/types';

/** What has to be drawn for a scene. */
export type Needs = 'nothing' | 'region' | 'lines';

export type SceneKind = AiSceneType;

export interface SceneCatalogue {
	items: SceneKind[];
}

export const scenesPath = '/ai-scenes';

export type LiveResult = AiOverlayView;
export type LiveScene = AiOverlayScene;

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
