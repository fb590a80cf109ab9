import { expect, test } from 'vitest';
import { everything, isNarrowed, labelsOf, queryOf, type ResultFilter } from './filter';

const now = Date.UTC(2026, 0, 2);

test('the site is asked for what is wanted, and for nothing that is not', () => {
	const check = (change: Partial<ResultFilter>, expected: ReturnType<typeof queryOf>) => expect(queryOf({ ...everything, ...change }, 'Asia/Shanghai', now), JSON.stringify(change)).toEqual(expected);
	check({}, {});
	check({ camera: 3, scene: 'MOTION', onlyAlarms: true }, { camera_id: 3, scene: 'MOTION', only_alarms: true });
	check({ task: 2 }, { task_id: 2 });
	// Eight in the morning in Shanghai is midnight in UTC.
	check({ from: '2026-01-01T08:00:00', to: '2026-01-01T09:00:00' }, { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 1, 1) });
	// One end is enough.
	check({ from: '2026-01-01T08:00:00' }, { from: Date.UTC(2026, 0, 1), to: now });
	check({ to: '2026-01-01T08:00:00' }, { from: 0, to: Date.UTC(2026, 0, 1) });
	check({ from: '2026-01-01T09:00:00', to: '2026-01-01T08:00:00' }, undefined);
	check({ from: '2026-01-01T08:00:00', to: '2026-01-01T08:00:00' }, undefined);
});

test('whether anything is narrowed', () => {
	expect(isNarrowed(everything)).toBe(false);
	expect(isNarrowed({ ...everything, onlyAlarms: true })).toBe(true);
	expect(isNarrowed({ ...everything, to: '2026-01-01T08:00' })).toBe(true);
});

test('labels are counted, or told by the node', () => {
	const object = (label: string) => ({ label, score: 1, bbox: [0, 0, 1, 1] });
	const check = (objects: string[], label_counts: { label: string; count: number }[], problem_counts: { label: string; count: number }[], expected: [string, number][]) =>
		expect(labelsOf({ objects: objects.map(object), label_counts, problem_counts }).map(({ label, count }) => [label, count])).toEqual(expected);
	check([], [], [], []);
	check(['car', 'person', 'car'], [], [], [['car', 2], ['person', 1]]);
	check(['car'], [{ label: 'car', count: 9 }], [], [['car', 9]]);
	check(['person'], [], [{ label: 'no_helmet', count: 1 }], [['no_helmet', 1], ['person', 1]]);
});
