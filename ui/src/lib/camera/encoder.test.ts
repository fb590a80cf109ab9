import { expect, test } from 'vitest';
import { rangeText, sizesOf } from './encoder';

const option = (codec: string, sizes: number[][]) => ({ codec, sizes, frame_rate_list: [], frame_rates: null, bitrate_kbps: null, gop_length: null, quality: null });

test('sizes: the largest first, and the present one whether listed or not', () => {
	const encoder = { codec: 'h264', width: 1280, height: 720, options: [option('h264', [[640, 360], [1920, 1080]]), option('h265', [[1920, 1080]])] };
	expect(sizesOf(encoder as never, 'h264')).toEqual(['1920x1080', '1280x720', '640x360']);
	expect(sizesOf(encoder as never, 'h265')).toEqual(['1920x1080']);
	expect(sizesOf(encoder as never, 'mjpeg')).toEqual([]);
});

test('ranges', () => {
	expect(rangeText({ min: 1, max: 30 })).toBe('1 – 30');
	expect(rangeText(null)).toBe('');
});
