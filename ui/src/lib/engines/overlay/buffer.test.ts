import { expect, test } from 'vitest';
import { holdMs, mostKept, ResultBuffer, type Entry } from './buffer';

const result = (at: number, { task = 1, scene = 'MOTION' } = {}) => ({ task_id: task, camera_id: 1, at, scenes: [{ scene, is_alarm: false, confidence: 1, objects: [] }] });

function matched(buffer: ResultBuffer, captureMs: number, now = 0): number[] {
	const found: Entry[] = [];
	buffer.match(captureMs, now, found, []);
	return found.map(({ at }) => at);
}

function late(buffer: ResultBuffer, captureMs: number, now = 0): number[] {
	const found: Entry[] = [];
	buffer.match(captureMs, now, [], found);
	return found.map(({ at }) => at);
}

/** Results at these moments, heard at once. */
function holding(...moments: number[]): ResultBuffer {
	const buffer = new ResultBuffer();
	for (const at of moments) buffer.add(result(at), 0);
	return buffer;
}

test('a picture gets the nearest result within one interval of their rate', () => {
	// Ten a second.
	const check = (captureMs: number, expected: number[]) => expect(matched(holding(1000, 1100, 1200, 1300), captureMs), String(captureMs)).toEqual(expected);
	check(1200, [1200]);
	check(1149, [1100]);
	check(1151, [1200]);
	check(1400, [1300]);
	check(1401, []);
	check(900, [1000]);
	check(899, []);
	check(5000, []);
});

test('an engine slower than the picture is drawn late, and no later than half a second', () => {
	const check = (captureMs: number, expected: number[]) => expect(late(holding(1000, 1100, 1200), captureMs), String(captureMs)).toEqual(expected);
	check(1300, []);
	check(1301, [1200]);
	check(1200 + holdMs, [1200]);
	check(1201 + holdMs, []);
	// A result of the future is no result of this picture.
	check(800, []);
	// On the edge between both the lines do not change with every picture.
	const buffer = holding(1000, 1100, 1200);
	expect(late(buffer, 1301, 10)).toEqual([1200]);
	buffer.add(result(1300), 20);
	expect(matched(buffer, 1301, 20)).toEqual([]);
	expect(late(buffer, 1301, 20)).toEqual([1300]);
	buffer.add(result(2400), 1100);
	expect(matched(buffer, 2400, 1100)).toEqual([2400]);
});

test('in whatever order results come, and each once', () => {
	const buffer = holding(1300, 1000, 1200, 1100, 1200);
	expect(matched(buffer, 1190)).toEqual([1200]);
	expect(matched(buffer, 1090)).toEqual([1100]);
});

test('the rate is that of most results, not of a gap', () => {
	const buffer = holding(1000, 1050, 1100, 1150, 3000, 3050);
	expect(matched(buffer, 3100)).toEqual([3050]);
	expect(matched(buffer, 3101)).toEqual([]);
	// One result alone has no rate: it goes with the pictures around it.
	expect(matched(holding(1000), 1100)).toEqual([1000]);
	expect(matched(holding(1000), 1101)).toEqual([]);
	// One a second does not stand for a second.
	expect(matched(holding(1000, 2000), 2500)).toEqual([2000]);
	expect(matched(holding(1000, 2000), 2501)).toEqual([]);
});

test('nothing stands once no result has come for a while', () => {
	const buffer = new ResultBuffer();
	buffer.add(result(1000), 7000);
	expect(matched(buffer, 1000, 7000 + holdMs - 1)).toEqual([1000]);
	expect(matched(buffer, 1000, 7000 + holdMs)).toEqual([]);
	// Another scene that goes on does not keep it alive.
	buffer.add(result(1500, { scene: 'TAMPER' }), 7000 + holdMs);
	expect(matched(buffer, 1500, 7000 + holdMs)).toEqual([1500]);
	expect(matched(buffer, 1000, 7000 + holdMs)).toEqual([]);
});

test('tasks and scenes each have their own', () => {
	const buffer = new ResultBuffer();
	buffer.add(result(1000), 0);
	buffer.add(result(1040, { scene: 'TAMPER' }), 0);
	buffer.add(result(1060, { task: 2 }), 0);
	expect(matched(buffer, 1050)).toEqual([1000, 1040, 1060]);
	buffer.clear();
	expect(buffer.isEmpty).toBe(true);
	expect(matched(buffer, 1050)).toEqual([]);
});

test('a result without objects is a result: it takes the boxes away', () => {
	const buffer = new ResultBuffer();
	const object = { label: 'person', score: 0.9, bbox: [0, 0, 1, 1] };
	buffer.add({ ...result(1000), scenes: [{ scene: 'MOTION', is_alarm: true, confidence: 1, objects: [object] }] }, 0);
	buffer.add(result(1100), 0);
	const found: Entry[] = [];
	buffer.match(1090, 0, found, []);
	expect(found.map(({ scene }) => scene.objects)).toEqual([[]]);
});

test('it is bounded', () => {
	const buffer = new ResultBuffer();
	for (let index = 0; index < mostKept + 10; index++) buffer.add(result(index * 100), 0);
	expect(matched(buffer, 900)).toEqual([1000]);
	expect(matched(buffer, 800)).toEqual([]);
	// Of seventeen tasks the first was silent longest.
	for (let task = 1; task <= 17; task++) buffer.add(result(100_000, { task }), 0);
	expect(matched(buffer, 100_000)).toHaveLength(16);
});
