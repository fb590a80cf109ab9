/** A task as its dialog changes it. */
import type { AiTaskView, AiTaskWish } from '$lib/api';
import { uniform, type Week } from '$lib/recording/schedule';
import type { Point } from '../region/geometry';
import { wishFault, type Dispatch, type SceneDraft, type WishFault } from './wish';

export const qualities = ['LOW', 'MEDIUM', 'HIGH'] as const;
export const snapshotPolicies = ['OFF', 'ALARM', 'ALL'] as const;

export class TaskDraft {
	name = $state('');
	cameraId = $state(0);
	stream = $state('sub');
	scenes = $state.raw<readonly SceneDraft[]>([]);
	/** The scene whose places are drawn. */
	chosen = $state<string>();
	dispatch = $state<Dispatch>('mixed');
	nodeId = $state<number>();
	/** Percent; like all numbers null while its field is empty. */
	confidence = $state<number | null>(60);
	alarmEnabled = $state(true);
	level = $state(3);
	hasSchedule = $state(false);
	week = $state.raw<Week>(uniform('c'));
	enabled = $state(true);
	inputFps = $state<number | null>(15);
	outputFps = $state<number | null>(15);
	width = $state<number | null>(1280);
	height = $state<number | null>(720);
	bitrate = $state<number | null>(3000);
	quality = $state<string>('MEDIUM');
	snapshotPolicy = $state<string>('ALARM');
	snapshotQuality = $state<number | null>(80);

	/** `task` is what the fields begin with. */
	constructor(task: AiTaskView | undefined) {
		if (!task) return;
		this.name = task.name;
		this.cameraId = task.camera_id;
		this.stream = task.stream;
		this.scenes = task.scenes.map(({ code, region = [], lines = [] }) => ({ code, region: region as unknown as Point[], lines: lines as unknown as Point[][] }));
		this.chosen = task.scenes[0]?.code;
		this.dispatch = task.dispatch as Dispatch;
		this.nodeId = task.node_id ?? undefined;
		this.confidence = Math.round(task.confidence * 100);
		this.alarmEnabled = task.alarm_enabled;
		this.level = task.level;
		this.hasSchedule = !!task.schedule;
		if (task.schedule) this.week = task.schedule;
		this.enabled = task.enabled;
		const { params } = task;
		this.inputFps = params.input_fps ?? 15;
		this.outputFps = params.output_fps ?? 15;
		this.width = params.width ?? 1280;
		this.height = params.height ?? 720;
		this.bitrate = params.bitrate_kbps ?? 3000;
		this.quality = params.quality ?? 'MEDIUM';
		this.snapshotPolicy = params.snapshot_policy ?? 'ALARM';
		this.snapshotQuality = params.snapshot_quality ?? 80;
	}

	get scene(): SceneDraft | undefined {
		return this.scenes.find(({ code }) => code === this.chosen) ?? this.scenes[0];
	}

	addScene(code: string): void {
		if (!this.scenes.some((scene) => scene.code === code)) this.scenes = [...this.scenes, { code, region: [], lines: [] }];
		this.chosen = code;
	}

	removeScene(code: string): void {
		this.scenes = this.scenes.filter((scene) => scene.code !== code);
	}

	change(code: string, change: Partial<SceneDraft>): void {
		this.scenes = this.scenes.map((scene) => (scene.code === code ? { ...scene, ...change } : scene));
	}

	get fault(): WishFault | undefined {
		const { name, cameraId, scenes, dispatch, nodeId } = this;
		return wishFault({ name, cameraId, scenes, dispatch, nodeId, numbers: [this.confidence, this.inputFps, this.outputFps, this.width, this.height, this.bitrate, this.snapshotQuality] });
	}

	get wish(): AiTaskWish {
		const plain = (points: readonly Point[]) => points.map(([x, y]) => [x, y]);
		return {
			name: this.name.trim(),
			camera_id: this.cameraId,
			stream: this.stream,
			scenes: this.scenes.map(({ code, region, lines }) => ({ code, region: plain(region), lines: lines.map(plain) })),
			dispatch: this.dispatch,
			node_id: this.dispatch === 'fixed' ? this.nodeId : undefined,
			confidence: (this.confidence ?? 0) / 100,
			alarm_enabled: this.alarmEnabled,
			level: this.level,
			schedule: this.hasSchedule ? [...this.week] : undefined,
			enabled: this.enabled,
			params: {
				input_fps: this.inputFps,
				output_fps: this.outputFps,
				width: this.width,
				height: this.height,
				bitrate_kbps: this.bitrate,
				quality: this.quality,
				snapshot_policy: this.snapshotPolicy,
				snapshot_quality: this.snapshotQuality
			}
		};
	}
}
