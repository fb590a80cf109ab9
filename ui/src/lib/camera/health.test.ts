import { expect, test } from 'vitest';
import type { CameraView } from '$lib/api';
import { healthOrder, healthTone, needsAttention } from './health';

const camera = (enabled: boolean, isLost = false) => ({ enabled, streams: [{ failure: isLost ? { code: 'x' } : undefined }] }) as unknown as CameraView;

test('tones, and the worst first', () => {
	expect(['online', 'no_video', 'auth_failed', 'unreachable', 'unknown', 'later'].map(healthTone)).toEqual(['live', 'warning', 'alarm', 'alarm', 'idle', 'idle']);
	const states = ['online', 'unreachable', 'no_video', 'auth_failed'];
	expect(states.sort((a, b) => healthOrder(camera(true), a) - healthOrder(camera(true), b))).toEqual(['auth_failed', 'unreachable', 'no_video', 'online']);
	expect(healthOrder(camera(false), 'auth_failed')).toBeGreaterThan(healthOrder(camera(true), 'online'));
});

test('who needs a person', () => {
	const check = (enabled: boolean, isLost: boolean, state: string, code: string | undefined, expected: boolean) => expect(needsAttention(camera(enabled, isLost), { state, code })).toBe(expected);
	check(true, false, 'online', undefined, false);
	check(true, true, 'online', undefined, true);
	check(true, false, 'online', 'credentials_wrong', true);
	check(true, false, 'no_video', undefined, true);
	check(true, false, 'unknown', undefined, false);
	check(false, true, 'unreachable', undefined, false);
});
