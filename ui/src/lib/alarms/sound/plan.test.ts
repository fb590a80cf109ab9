import { expect, test } from 'vitest';
import type { AlarmPolicyView } from '$lib/api';
import { alarmOf } from '../alarm_sample';
import { arrival, lasting, type Silence } from './plan';
import { lengthMs, melodies } from './tones';

function policyOf(heard: readonly number[]): AlarmPolicyView {
	const push = { mode: 'OFF' as const, count: 0, window_s: 0, cooldown_s: 0 };
	return { levels: [1, 2, 3, 4].map((level) => ({ level, push, deadline_s: 0, auto_close_s: 0, sound: heard.includes(level) })), repeat_s: 60, clip_before_s: 10, clip_after_s: 20, protect_gb: 0, version: 1 };
}

const heardAll: Silence = { mutes: [], now: 0 };

test('grave alarms go on sounding until somebody acknowledges them', () => {
	const check = (alarms: Parameters<typeof lasting>[0], heard: number[] | undefined, expected: unknown) => expect(lasting(alarms, heard && policyOf(heard), heardAll)).toEqual(expected);
	const [second, third, fourth] = [alarmOf(1, { level: 2 }), alarmOf(2, { level: 3 }), alarmOf(3, { level: 4 })];
	check([second], [1, 2, 3, 4], undefined);
	check([second, third], [3, 4], { level: 3, everyMs: 8000 });
	check([second, third, fourth], [3, 4], { level: 4, everyMs: 4000 });
	check([third, fourth], [3], { level: 3, everyMs: 8000 });
	check([{ ...fourth, state: 'acknowledged' }], [4], undefined);
	check([fourth], [], undefined);
	check([fourth], undefined, { level: 4, everyMs: 4000 });
	// What is muted does not keep the others quiet.
	const mutes = [{ until: 10, reason: 'wind', source: 'ai' }];
	expect(lasting([{ ...fourth, source: 'ai' }, third], policyOf([3, 4]), { mutes, now: 5 })).toEqual({ level: 3, everyMs: 8000 });
	expect(lasting([{ ...fourth, source: 'ai' }], policyOf([3, 4]), { mutes, now: 10 })).toEqual({ level: 4, everyMs: 4000 });
});

test('what comes is heard once, by its worst', () => {
	const policy = policyOf([2, 3, 4]);
	const known = (...alarms: ReturnType<typeof alarmOf>[]) => new Map(alarms.map((alarm) => [alarm.id, alarm]));
	expect(arrival([alarmOf(1, { level: 2 }), alarmOf(2, { level: 3 })], known(), policy, heardAll)).toBe(3);
	expect(arrival([alarmOf(1, { level: 1 })], known(), policy, heardAll)).toBeUndefined();
	expect(arrival([alarmOf(1, { level: 3, count: 9 })], known(alarmOf(1, { level: 3 })), policy, heardAll), 'the same again is no news').toBeUndefined();
	expect(arrival([alarmOf(1, { level: 4 })], known(alarmOf(1, { level: 3 })), policy, heardAll), 'its level was raised').toBe(4);
	expect(arrival([alarmOf(1)], known(alarmOf(1, { state: 'acknowledged' })), policy, heardAll), 'opened again').toBe(2);
	expect(arrival([alarmOf(1, { level: 4, state: 'resolved' })], known(), policy, heardAll)).toBeUndefined();
	const mutes = [{ until: 10, reason: 'wind', camera: 7 }];
	expect(arrival([alarmOf(1, { level: 4, camera_id: 7 }), alarmOf(2, { camera_id: 8 })], known(), policy, { mutes, now: 5 })).toBe(2);
});

test('each level sounds different, and shorter than it is repeated', () => {
	const tones = ([1, 2, 3, 4] as const).map((level) => JSON.stringify(melodies[level]));
	expect(new Set(tones).size).toBe(4);
	for (const level of [3, 4] as const) expect(lengthMs(level)).toBeLessThan(4000);
});
