/** Alarms of the cameras on the deck, for the timeline: those that happened within what is visible. */
import { api, type AlarmView } from '$lib/api';
import { isOpen } from '$lib/alarms/level';
import { cameras } from '$lib/state/cameras.svelte';
import { session } from '$lib/state/session.svelte';
import type { AlarmMark } from '$lib/timeline/alarm_flags';

/** Of each camera; the newest. */
const most = 500;
/** The site goes by when an alarm happened last: one that went on for longer than this after the view is not seen in it. */
const longestMs = 3_600_000;

/** By stream. Undefined: what is known stays, because the site was not asked or did not say. */
export async function readAlarms(paths: readonly string[], from: number, to: number, signal: AbortSignal): Promise<Record<string, AlarmMark[]> | undefined> {
	if (!session.can('alarms')) return undefined;
	const found = await Promise.all(
		paths.map(async (path) => {
			const camera = cameras.byPath.get(path);
			if (!camera) return [path, []] as const;
			const answer = await api.get<{ items: AlarmView[] }>('/alarms', { query: { camera_id: camera.id, from: Math.floor(from), to: Math.ceil(to + longestMs), limit: most }, signal });
			return answer.kind === 'ok' ? ([path, answer.value.items.filter(({ first_at }) => first_at <= to).map(markOf)] as const) : undefined;
		})
	);
	return found.every((one) => one !== undefined) ? Object.fromEntries(found) : undefined;
}

function markOf(alarm: AlarmView): AlarmMark {
	return { id: alarm.id, level: alarm.level, isOpen: isOpen(alarm), from: alarm.first_at, to: alarm.last_at, title: alarm.title };
}
