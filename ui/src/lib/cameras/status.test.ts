import { expect, test } from 'vitest';
import type { StreamStatus } from '$lib/api';
import { recordingTone, toneOf, worst } from './status';

const status = (phase: string) => ({ phase }) as StreamStatus;

test.each([
	['live', 'live'],
	['waiting', 'warning'],
	['stalled', 'warning'],
	['needs_attention', 'alarm'],
	['idle', 'idle'],
	['disabled', 'idle'],
	['something newer', 'idle']
])('a stream that is %s is shown as %s', (phase, tone) => {
	expect(toneOf(status(phase))).toBe(tone);
});

test('a camera is as bad as its worst stream', () => {
	expect(worst([status('live'), status('needs_attention')])?.phase).toBe('needs_attention');
	expect(worst([undefined, status('idle'), status('live')])?.phase).toBe('live');
	expect(worst([undefined])).toBeUndefined();
});

test('a plan that does not record is an alarm', () => {
	expect(recordingTone('not_recording')).toBe('alarm');
	expect(recordingTone(undefined)).toBe('idle');
});
