/** How a task stands, for the list. Pure. */
import type { AiSceneState, AiTaskView } from '$lib/api';

/** The site's phases: of one that runs partly, or was interrupted, scenes were lost on the way. */
export type Phase = 'off' | 'waiting' | 'starting' | 'running' | 'partly' | 'interrupted' | 'failed';
/** Those that need somebody first. */
export const phases: readonly Phase[] = ['failed', 'interrupted', 'partly', 'waiting', 'starting', 'running', 'off'];
type Tone = 'live' | 'warning' | 'alarm' | 'idle';

const tones: Record<string, Tone> = { running: 'live', partly: 'warning', starting: 'warning', waiting: 'warning', failed: 'alarm', interrupted: 'alarm' };

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
