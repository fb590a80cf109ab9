import { expect, test } from 'vitest';
import type { StreamStatus } from '$lib/api';
import { healthOf, recordingOf, type Health } from './health';

const status = (phase: string, recording = 'off'): StreamStatus => ({ phase, recording, since: 0, reconnects: 0, viewers: 0, bitrate_kbps: 0, frame_rate: 0 });

test('a camera is as its streams are', () => {
	const check = (phases: string[], expected: Health) => expect(healthOf(phases.map((phase) => status(phase)))).toBe(expected);
	check([], 'idle');
	check(['idle', 'idle'], 'idle');
	check(['live', 'idle'], 'live');
	check(['waiting', 'live'], 'live');
	check(['waiting', 'idle'], 'warning');
	check(['stalled'], 'warning');
	check(['needs_attention', 'live'], 'alarm');
	check(['connecting', 'idle'], 'connecting');
	check(['disabled', 'disabled'], 'disabled');
});

test('recording that should run and does not is said first', () => {
	const check = (states: string[], expected: string) => expect(recordingOf(states.map((state) => status('live', state)))).toBe(expected);
	check(['recording', 'off'], 'recording');
	check(['recording', 'not_recording'], 'not_recording');
	check(['off'], 'off');
});
