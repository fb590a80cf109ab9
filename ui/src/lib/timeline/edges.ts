/** Moments worth jumping to: where a recording begins, what the camera noticed, what people remarked, alarms. Pure. */
import type { BookmarkMark, MarkView } from '$lib/api';
import type { Stretch } from './view';

export interface Edges {
	readonly coverage: readonly Stretch[];
	readonly marks: readonly MarkView[];
	readonly bookmarks: readonly BookmarkMark[];
	readonly alarms: readonly { readonly from: number }[];
}

/** From where one stands just there one goes on to the next. */
const HERE_MS = 500;

/** The next of them before or after a moment. */
export function nextEdge({ coverage, marks, bookmarks, alarms }: Edges, at: number, direction: 1 | -1): number | undefined {
	const edges = [...coverage.map(([start]) => start), ...marks.map(({ start }) => start), ...[...bookmarks, ...alarms].map(({ from }) => from)];
	const beyond = edges.filter((edge) => (edge - at) * direction > HERE_MS);
	if (beyond.length === 0) return undefined;
	return beyond.reduce((best, edge) => ((best - edge) * direction > 0 ? edge : best));
}
