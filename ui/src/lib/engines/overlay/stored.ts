/**
 * What was found in recorded pictures: stretches of results as they were read, and which of them belong on a picture. The
 * site keeps every alarm, and of the rest one a second. Pure and bounded.
 */
import type { AiResultView } from '$lib/api';
import type { Matched } from './box_canvas';
import { holdMs, type Entry } from './buffer';

/** Stretches begin at whole multiples of it. */
export const stretchMs = 60_000;
/** As many are kept; the one that was used longest ago goes. */
const mostStretches = 4;
/** One picture at 15 a second: so near a result is that picture's. */
export const frameMs = 1000 / 15;
/** Results that come so often stand for the pictures between them. */
const denseMs = 300;

interface Stretch {
	/** By task and scene, each in the order of time. */
	tracks: Map<string, Entry[]>;
	/** Results that come later belong into it as well. */
	isOpen: boolean;
	/** When it was read, on the reader's clock. */
	readAt: number;
}

export const stretchOf = (at: number): number => Math.floor(at / stretchMs);

export class StoredResults {
	/** The one that was used last is the last. */
	readonly #stretches = new Map<number, Stretch>();

	/** Whether any result is known at all. */
	get hasAny(): boolean {
		return [...this.#stretches.values()].some(({ tracks }) => tracks.size > 0);
	}

	/** Replaces what was read of the stretch before. `isOpen`: more may come. */
	put(index: number, results: readonly AiResultView[], { isOpen, readAt }: Pick<Stretch, 'isOpen' | 'readAt'>): void {
		const tracks = new Map<string, Entry[]>();
		for (const { at, task_id, scene, is_alarm, confidence, objects } of results) {
			const name = `${task_id} ${scene}`;
			const track = tracks.get(name) ?? [];
			tracks.set(name, track);
			track.push({ at, scene: { scene, is_alarm, confidence, objects } });
		}
		for (const track of tracks.values()) track.sort((a, b) => a.at - b.at);
		this.#stretches.delete(index);
		this.#stretches.set(index, { tracks, isOpen, readAt });
		while (this.#stretches.size > mostStretches) this.#stretches.delete(this.#stretches.keys().next().value ?? index);
	}

	/** Which stretches to read for a picture at `at`, the most urgent first: its own, and the one that comes next. */
	missing(at: number, direction: 1 | -1, now: number, againMs: number): number[] {
		const here = stretchOf(at);
		const isNear = direction > 0 ? (here + 1) * stretchMs - at < stretchMs / 2 : at - here * stretchMs < stretchMs / 2;
		const wanted = isNear ? [here, here + direction] : [here];
		return wanted.filter((index) => {
			const held = this.#stretches.get(index);
			return !held || (held.isOpen && now - held.readAt >= againMs);
		});
	}

	/** Into `found`, emptied first. */
	match(captureMs: number, found: Matched): void {
		found.inStep.length = found.late.length = 0;
		const index = stretchOf(captureMs);
		const here = this.#stretches.get(index);
		if (here) {
			this.#stretches.delete(index);
			this.#stretches.set(index, here);
		}
		for (const name of this.#namesNear(index)) {
			const [before, after] = this.#around(name, captureMs, index);
			place(before, after, captureMs, found);
		}
	}

	clear(): void {
		this.#stretches.clear();
	}

	#namesNear(index: number): Set<string> {
		return new Set([index - 1, index, index + 1].flatMap((one) => [...(this.#stretches.get(one)?.tracks.keys() ?? [])]));
	}

	/** The last entry at the moment or before it, and the first after it; what a neighbouring stretch has counts too. */
	#around(name: string, at: number, index: number): [Entry | undefined, Entry | undefined] {
		const trackOf = (one: number) => this.#stretches.get(one)?.tracks.get(name) ?? [];
		const track = trackOf(index);
		const next = firstAfter(track, at);
		return [track[next - 1] ?? trackOf(index - 1).at(-1), track[next] ?? trackOf(index + 1)[0]];
	}
}

function place(before: Entry | undefined, after: Entry | undefined, at: number, found: Matched): void {
	const gap = before && after ? after.at - before.at : Infinity;
	const reach = gap <= denseMs ? Math.max(frameMs, gap / 2) : frameMs;
	const nearest = before && after ? (after.at - at < at - before.at ? after : before) : (before ?? after);
	if (nearest && Math.abs(nearest.at - at) <= reach) found.inStep.push(nearest);
	// As with live pictures: what was there a moment ago stays a little, and is seen to be late.
	else if (before && at - before.at <= holdMs) found.late.push(before);
}

/** Index of the first entry after a moment. */
function firstAfter(track: readonly Entry[], at: number): number {
	let [low, high] = [0, track.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((track[middle]?.at ?? Infinity) <= at) low = middle + 1;
		else high = middle;
	}
	return low;
}
