import { expect, test } from 'vitest';
import type { AiResultView } from '$lib/api';
import { nothing } from './box_canvas';
import { holdMs } from './buffer';
import { frameMs, StoredResults, stretchMs } from './stored';

const base = 100 * stretchMs;
const result = (at: number, { task = 1, scene = 'MOTION' } = {}): AiResultView => ({ at: base + at, task_id: task, camera_id: 1, scene, node: 'n', is_alarm: true, confidence: 1, objects: [], label_counts: [], problem_counts: [], has_picture: false });
const whole = { isOpen: false, readAt: 0 };

function holding(...results: AiResultView[]): StoredResults {
	const stored = new StoredResults();
	for (const index of [99, 100, 101, 102]) stored.put(index, results.filter(({ at }) => Math.floor(at / stretchMs) === index), whole);
	return stored;
}

function on(stored: StoredResults, at: number): { inStep: number[]; late: number[] } {
	const found = nothing();
	stored.match(base + at, found);
	return { inStep: found.inStep.map((entry) => entry.at - base), late: found.late.map((entry) => entry.at - base) };
}

test('at fifteen a second every picture has the result of its own moment', () => {
	const moments = Array.from({ length: 45 }, (_, index) => Math.round(index * frameMs));
	const stored = holding(...moments.map((at) => result(at)).reverse());
	for (const at of moments) {
		const { inStep, late } = on(stored, at + 20);
		expect([inStep, late]).toEqual([[at], []]);
		expect(Math.abs((inStep[0] ?? 0) - at - 20)).toBeLessThanOrEqual(frameMs);
	}
});

test('one a second belongs to its own picture, is late for a moment, and then is gone', () => {
	const stored = holding(result(1000), result(2000));
	const check = (at: number, inStep: number[], late: number[]) => expect(on(stored, at), String(at)).toEqual({ inStep, late });
	check(1000 - Math.floor(frameMs), [1000], []);
	check(1000 - Math.ceil(frameMs), [], []);
	check(1066, [1000], []);
	check(1067, [], [1000]);
	check(1000 + holdMs, [], [1000]);
	check(1001 + holdMs, [], []);
	check(1934, [2000], []);
});

test('those that come a little more rarely than pictures do not flicker', () => {
	const stored = holding(result(1000), result(1200), result(1400));
	for (let at = 1000; at <= 1400; at += 10) expect(on(stored, at).late, String(at)).toEqual([]);
	expect(on(stored, 1110).inStep).toEqual([1200]);
});

test('tasks and scenes each have their own, also where stretches meet', () => {
	const stored = holding(result(-30), result(40), result(40, { scene: 'TAMPER' }), result(60, { task: 2 }), result(stretchMs + 20));
	expect(on(stored, 0)).toEqual({ inStep: [-30, 40, 60], late: [] });
	expect(on(stored, stretchMs - 20).inStep).toEqual([stretchMs + 20]);
	expect(on(stored, -10).inStep.sort()).toEqual([-30, 40]);
});

test('what is missing is read, the next stretch before it is needed, and an open one again', () => {
	const stored = new StoredResults();
	const check = (at: number, direction: 1 | -1, expected: number[], now = 0) => expect(stored.missing(base + at, direction, now, 3000), String(at)).toEqual(expected);
	check(0, 1, [100]);
	check(0, -1, [100, 99]);
	check(40_000, 1, [100, 101]);
	stored.put(100, [result(5)], whole);
	check(40_000, 1, [101]);
	stored.put(101, [], { isOpen: true, readAt: 1000 });
	check(40_000, 1, [], 3999);
	check(40_000, 1, [101], 4000);
	expect(stored.hasAny).toBe(true);
});

test('it is bounded, and keeps what is looked at', () => {
	const stored = new StoredResults();
	stored.put(100, [result(5)], whole);
	for (let index = 101; index < 110; index++) {
		stored.put(index, [], whole);
		stored.match(base + 5, nothing());
	}
	expect(on(stored, 5).inStep).toEqual([5]);
	expect(stored.missing(102 * stretchMs, 1, 0, 0)).toEqual([102]);
	stored.clear();
	expect(stored.hasAny).toBe(false);
});
