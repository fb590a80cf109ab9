/** How a task stands, for the list. Pure. */
import type { AiSceneState, AiTaskView } from '$lib/api';

export type Phase = 'off' | 'waiting' | 'starting' | 'running' | 'failed';
export const phases: readonly Phase[] = ['failed', 'waiting', 'starting', 'running', 'off'];
type Tone = 'live' | 'warning' | 'alarm' | 'idle';

const tones: Record<string, Tone> = { running: 'live', starting: 'warning', waiting: 'warning', failed: 'alarm' };

export function phaseTone(phase: string): Tone {
	return tones[phase] ?? 'idle';
}

const seatTones: Record<string, Tone> = { running: 'live', asked: 'warning', held: 'warning' };

export function sceneTone({ state, failure }: Pick<AiSceneState, 'state' | 'failure'>): Tone {
	return seatTones[state] ?? (failure ? 'alarm' : 'idle');
}

/** `MOTION: stream_missing`: which scene, and what went wrong in the words of whoever said it. */
export function failedScene(detail: string | null | undefined): { scene: string; failure: string } | undefined {
	const parts = /^([\w.-]{1,64}): (.+)$/s.exec(detail ?? '');
	return parts?.[1] && parts[2] ? { scene: parts[1], failure: parts[2] } : undefined;
}

/** Of all of its scenes, since the site started. */
export function countsOf(task: AiTaskView): { results: number; alarms: number; lastAt: number | undefined } {
	const latest = task.state.scenes.flatMap((scene) => (scene.latest ? [scene.latest] : []));
	const times = latest.flatMap(({ at }) => (typeof at === 'number' ? [at] : []));
	return {
		results: latest.reduce((sum, { results }) => sum + results, 0),
		alarms: latest.reduce((sum, { alarms }) => sum + alarms, 0),
		lastAt: times.length > 0 ? Math.max(...times) : undefined
	};
}

export interface TaskFilter {
	search: string;
	phase: Phase | 'all';
	camera: number | 'all';
}

export const everything: TaskFilter = { search: '', phase: 'all', camera: 'all' };

/** Those that need somebody first, then by name. */
export function select(tasks: readonly AiTaskView[], filter: TaskFilter, cameraName: (id: number) => string, language: string): AiTaskView[] {
	const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
	const found = tasks.filter((task) => {
		if (filter.phase !== 'all' && task.state.phase !== filter.phase) return false;
		if (filter.camera !== 'all' && task.camera_id !== filter.camera) return false;
		const text = [task.name, cameraName(task.camera_id), ...task.scenes.map(({ code }) => code)].join(' ').toLowerCase();
		return words.every((word) => text.includes(word));
	});
	const order = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
	const urgency = (task: AiTaskView) => (phases as readonly string[]).indexOf(task.state.phase);
	return found.sort((a, b) => urgency(a) - urgency(b) || order.compare(a.name, b.name) || a.id - b.id);
}
