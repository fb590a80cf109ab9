/** An alarm for tests: number `id` happened `id` seconds after the epoch. */
import type { AlarmView } from '$lib/api';

export function alarmOf(id: number, change: Partial<AlarmView> = {}): AlarmView {
	const text = { en: `Alarm ${id}`, zh_cn: `报警 ${id}` };
	return { id, source: 'test', kind: 'test', level: 2, is_escalated: false, first_at: id * 1000, last_at: id * 1000, count: 1, title: text, text, params: {}, objects: [], has_picture: false, clip: { state: 'none' }, related_cameras: [], state: 'new', is_overdue: false, version: 1, ...change };
}
