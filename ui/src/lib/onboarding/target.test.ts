import { expect, test } from 'vitest';
import { targetOf } from './target';

test('a device or a stream', () => {
	const check = (text: string, expected: string) => expect(targetOf(text), text).toBe(expected);
	for (const device of ['192.168.1.64', '192.168.1.64:8000', 'camera.local', '[fe80::1]:80', 'http://192.168.1.64', 'https://10.0.0.1/', 'http://10.0.0.1/onvif/device_service']) check(device, 'device');
	for (const stream of ['rtsp://10.0.0.1/1', 'RTSPS://10.0.0.1', 'http://10.0.0.1/video.mjpg', 'ftp://10.0.0.1/x', 'srt://10.0.0.1:9000']) check(stream, 'stream');
});
