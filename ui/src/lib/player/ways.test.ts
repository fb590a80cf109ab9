import { expect, test } from 'vitest';
import { waysFor, type WayChoice } from './ways';
import type { VideoCodec } from './probe';

test('ways of decoding', () => {
	const check = (mse: VideoCodec[], webcodecs: VideoCodec[], choice: WayChoice, expected: string[]) =>
		expect(waysFor({ mse, webcodecs, audio: [] }, choice)).toEqual(expected);
	check(['h264'], ['h264'], 'auto', ['webcodecs', 'mse']);
	check(['h264', 'h265'], ['h264'], 'auto', ['mse', 'webcodecs']);
	check(['h264'], ['h264'], 'mse', ['mse', 'webcodecs']);
	check(['h264'], [], 'webcodecs', ['mse']);
	check([], [], 'auto', []);
});
