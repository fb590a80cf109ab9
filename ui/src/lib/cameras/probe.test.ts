import { expect, test } from 'vitest';
import { describe } from './probe';

const facts = { video: 'h264', width: 1920, height: 1080, frame_rate: 25, gop_ms: 2000, has_b_frames: false };

test('facts read as one line', () => {
	expect(describe({ ...facts, audio: 'pcmu', audio_sample_rate: 8000 })).toBe('H.264 1920×1080, 25 fps, GOP 2 s, G.711 µ 8 kHz');
	expect(describe({ ...facts, video: 'av1', frame_rate: 0, gop_ms: null })).toBe('av1 1920×1080');
});
