/** Alarms as flags on a row of the timeline: those that would cover each other are one flag with their number. Pure. */
import type { BothLanguages } from '$lib/api';
import { xAt, type TimeView } from './view';

export interface AlarmMark {
	id: number;
	/** 1 to 4. */
	level: number;
	/** Nobody has resolved it, and it has not closed. */
	isOpen: boolean;
	/** When it happened first and last, UTC milliseconds. */
	from: number;
	to: number;
	title: BothLanguages;
}

export interface AlarmFlag {
	/** Where it stands, in pixels. */
	x: number;
	/** How far what it tells of goes on. */
	length: number;
	/** Those under it, the one to look at first in front. */
	alarms: readonly AlarmMark[];
}

/** Flags nearer than this are one. */
const apartPx = 15;
/** So far beside its middle a flag is still met. */
const reachPx = 9;

/** Open before closed, worse before lesser, newer before older. */
function firstToSee(a: AlarmMark, b: AlarmMark): number {
	return Number(b.isOpen) - Number(a.isOpen) || b.level - a.level || b.from - a.from;
}

/** From left to right. One that began before what is visible stands at the edge. */
export function flagsOf(marks: readonly AlarmMark[], view: TimeView, width: number): AlarmFlag[] {
	const seen = marks.filter(({ from, to }) => to >= view.from && from <= view.to).sort((a, b) => a.from - b.from);
	const flags: { x: number; end: number; alarms: AlarmMark[] }[] = [];
	for (const mark of seen) {
		const x = Math.max(0, xAt(view, mark.from, width));
		const end = Math.min(width, xAt(view, mark.to, width));
		const last = flags.at(-1);
		if (last && x - last.x < apartPx) {
			last.alarms.push(mark);
			last.end = Math.max(last.end, end);
		} else flags.push({ x, end, alarms: [mark] });
	}
	return flags.map(({ x, end, alarms }) => ({ x, length: Math.max(0, end - x), alarms: alarms.sort(firstToSee) }));
}

/** The flag at a pixel of the row. */
export function flagAt(flags: readonly AlarmFlag[], x: number): AlarmFlag | undefined {
	const met = flags.filter((flag) => Math.abs(flag.x - x) <= reachPx);
	return met.sort((a, b) => Math.abs(a.x - x) - Math.abs(b.x - x))[0];
}
