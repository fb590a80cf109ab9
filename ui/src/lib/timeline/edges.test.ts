import { expect, test } from 'vitest';
import { nextEdge, type Edges } from './edges';

const edges: Edges = {
	coverage: [[0, 10_000], [60_000, 90_000]],
	marks: [{ kind: 'motion', start: 70_000, end: 71_000 }],
	bookmarks: [{ id: 1, from: 5000, to: 5000, text: 'Here' }],
	alarms: [{ from: 80_000 }]
};

test.each<[number, 1 | -1, number | undefined]>([
	[-9, 1, 5000],
	[-900, 1, 0],
	[1000, 1, 5000],
	[5000, 1, 60_000],
	[60_200, 1, 70_000],
	[70_000, 1, 80_000],
	[80_000, 1, undefined],
	[80_000, -1, 70_000],
	[70_000, -1, 60_000],
	[5000, -1, 0],
	[0, -1, undefined]
])('from %i, %i', (at, direction, expected) => expect(nextEdge(edges, at, direction)).toBe(expected));
