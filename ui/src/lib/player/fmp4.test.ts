import { expect, test } from 'vitest';
import { onlyTracks, parseFragment, parseInit } from './fmp4';
import { parseFrame } from './framing';
import { Moments } from './moments';
import { probeSamples } from './probe_samples';

const bytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

test('initialisation segments', () => {
	const check = (codec: keyof typeof probeSamples, expected: RegExp) => {
		const [track] = parseInit(bytes(probeSamples[codec]));
		expect(track?.handler).toBe('video');
		expect(track?.codec).toMatch(expected);
		expect(track?.description?.[0]).toBe(1);
		expect(track?.timescale).toBeGreaterThan(0);
	};
	check('h264', /^avc1\.[0-9a-f]{6}$/);
	check('h265', /^hvc1\.1\.6\.L\d+(\.[0-9a-f]+)*$/);
});

test('fragments give every frame, the first one a key', () => {
	for (const sample of Object.values(probeSamples)) {
		const frames = parseFragment(bytes(sample));
		expect(frames.map((frame) => frame.isKey)).toEqual([true, false, false, false]);
		for (const frame of frames) {
			// One or more length-prefixed NAL units fill the sample exactly.
			const view = new DataView(frame.data.buffer, frame.data.byteOffset, frame.data.byteLength);
			let at = 0;
			while (at < frame.data.byteLength) at += 4 + view.getUint32(at);
			expect(at).toBe(frame.data.byteLength);
		}
	}
});

/** The same segment with mvex right behind mvhd, as some writers put it. */
function mvexFirst(whole: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
	const at = (name: string) => String.fromCharCode(...whole).indexOf(name) - 4;
	const size = (from: number) => new DataView(whole.buffer).getUint32(from);
	const [mvhd, mvex] = [at('mvhd'), at('mvex')];
	const afterMvhd = mvhd + size(mvhd);
	const afterMvex = mvex + size(mvex);
	return Uint8Array.from([
		...whole.subarray(0, afterMvhd),
		...whole.subarray(mvex, afterMvex),
		...whole.subarray(afterMvhd, mvex),
		...whole.subarray(afterMvex)
	]);
}

test('tracks of one kind are taken out of an initialisation segment', () => {
	const whole = bytes(probeSamples.h264);
	const video = onlyTracks(whole, 'video');
	expect(video && parseInit(video)).toEqual(parseInit(whole));
	expect(onlyTracks(whole, 'audio')).toBeUndefined();
	// What says that fragments follow may stand before the tracks, and is kept.
	const text = (part: Uint8Array) => String.fromCharCode(...part);
	const moved = mvexFirst(whole);
	expect(text(moved).indexOf('mvex')).toBeLessThan(text(moved).indexOf('trak'));
	const kept = text(onlyTracks(moved, 'video') ?? new Uint8Array());
	expect(kept).toContain('mvex');
	expect(kept).toContain('trex');
});

test('damaged bytes give nothing and do not throw', () => {
	const whole = bytes(probeSamples.h264);
	for (let length = 0; length < whole.length; length += 37) {
		const part = whole.slice(0, length);
		expect(() => [parseInit(part), parseFragment(part), onlyTracks(part, 'video')]).not.toThrow();
	}
});

test('message headers', () => {
	const message = new ArrayBuffer(18);
	const view = new DataView(message);
	view.setUint8(0, 2);
	view.setUint8(1, 1 | 2);
	view.setUint32(4, 77);
	view.setBigInt64(8, 1_700_000_000_123_456n);
	const frame = parseFrame(message);
	expect(frame).toMatchObject({ kind: 'video', isKey: true, isDiscontinuity: true, isAudio: false, isBeforeTarget: false, sequence: 77 });
	expect(frame?.captureMs).toBeCloseTo(1_700_000_000_123.456, 2);
	expect(frame?.body.byteLength).toBe(2);
	view.setUint8(0, 99);
	expect(parseFrame(message)).toBeUndefined();
	expect(parseFrame(new ArrayBuffer(15))).toBeUndefined();
});

test('capture time of a presented frame', () => {
	const moments = new Moments();
	moments.add(1, 1000);
	moments.add(1.1, 1100);
	const check = (mediaS: number, expected: number | undefined) => expect(moments.at(mediaS)).toBe(expected);
	check(1, 1000);
	check(1.05, 1000);
	check(1.0999, 1100);
	check(5, 1100);
	check(0.5, undefined);
	for (let at = 2; at < 5000; at++) moments.add(at, at * 1000);
	check(4999, 4_999_000);
});
