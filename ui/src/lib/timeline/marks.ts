/** What cameras noticed, as shapes on the timeline. Kinds fall into families, told apart by shape as well as by colour. Pure. */
import type { MarkView, TimelineTrack } from '$lib/api';
import { xAt, type TimeView } from './view';

/** Bar, diamond, triangle, square, circle. */
export type Family = 'movement' | 'subject' | 'rule' | 'trouble' | 'signal';

export const families: readonly Family[] = ['movement', 'subject', 'rule', 'trouble', 'signal'];

const familyOfKind: Record<string, Family> = {
	motion: 'movement',
	sound: 'movement',
	person: 'subject',
	vehicle: 'subject',
	animal: 'subject',
	face: 'subject',
	package: 'subject',
	line_crossed: 'rule',
	area_entered: 'rule',
	tampering: 'trouble',
	signal_lost: 'trouble',
	storage_failed: 'trouble'
};

export function familyOf(kind: string): Family {
	return familyOfKind[kind] ?? 'signal';
}

export interface MarkShape {
	family: Family;
	/** Where it begins, in pixels; the bar that shows how long it went on is `length` long. */
	x: number;
	length: number;
	/** Only the bar: the shape would cover the one before it. */
	isBare: boolean;
}

/** Distance below which shapes of one family would cover each other. */
const apartPx = 9;

/** What the camera noticed, and the recordings that somebody asked for, by start. */
export function marksOf({ marks, triggers }: Pick<TimelineTrack, 'marks' | 'triggers'>): MarkView[] {
	const asked = triggers.filter(({ kind }) => !kind).map(({ at }) => ({ kind: 'asked', start: at, end: at }));
	return [...marks, ...asked].sort((a, b) => a.start - b.start);
}

/** By start; families lie over each other in the order of `families`, so that trouble is never hidden by movement. */
export function shapesOf(marks: readonly MarkView[], view: TimeView, width: number): MarkShape[] {
	const shapes: MarkShape[] = [];
	for (const family of families) {
		let last = -Infinity;
		for (const mark of marks) {
			if (familyOf(mark.kind) !== family || mark.end < view.from || mark.start > view.to) continue;
			const start = xAt(view, mark.start, width);
			const x = Math.max(0, start);
			const isBare = start < 0 || x - last < apartPx;
			if (!isBare) last = x;
			shapes.push({ family, x, length: Math.max(0, Math.min(width, xAt(view, mark.end, width)) - x), isBare });
		}
	}
	return shapes;
}

/** Kinds that go on at a moment or within reach of it, each once, the nearest first. */
export function kindsAt(marks: readonly MarkView[], at: number, reachMs: number): string[] {
	const distance = ({ start, end }: MarkView) => (at < start ? start - at : at > end ? at - end : 0);
	const near = marks.filter((mark) => distance(mark) <= reachMs).sort((a, b) => distance(a) - distance(b));
	return [...new Set(near.map(({ kind }) => kind))];
}
