/** The results of one camera that its next pictures may need, and which of them belongs on a picture. Pure and bounded. */
import type { LiveResult, LiveScene } from '../wire';

/** Of each task and scene. */
export const mostKept = 64;
/** Tasks and scenes of one camera; the one that was silent longest makes room. */
const mostTracks = 16;
/** Without a newer result for this long nothing stands on the picture, whatever would fit. */
export const holdMs = 500;
/** One that had to be drawn late is drawn as late for so long: lines that change ten times a second are worse than either. */
const lateStaysMs = 1000;
/** How far a result may be from a picture while its rate is not known yet. */
const unknownRateMs = 100;
/** Of the last results, to tell how far apart they are. */
const rated = 8;

/** What was found in one picture by one scene of a task. */
export interface Entry {
	/** When the picture was taken, UTC milliseconds. */
	at: number;
	scene: LiveScene;
}

interface Track {
	/** In the order of `at`. */
	entries: Entry[];
	/** The last one came then, on the reader's clock. */
	heardAt: number;
	/** Between two results. */
	intervalMs: number;
	/** When a picture last came before its result did. */
	lateAt: number;
}

export class ResultBuffer {
	readonly #tracks = new Map<string, Track>();

	get isEmpty(): boolean {
		return this.#tracks.size === 0;
	}

	add(result: LiveResult, now: number): void {
		for (const scene of result.scenes) {
			const name = `${result.task_id} ${scene.scene}`;
			const track = this.#tracks.get(name) ?? { entries: [], heardAt: now, intervalMs: unknownRateMs, lateAt: -Infinity };
			// Last in the order of the map: the first one was silent longest.
			this.#tracks.delete(name);
			this.#tracks.set(name, track);
			if (this.#tracks.size > mostTracks) this.#tracks.delete(this.#tracks.keys().next().value ?? '');
			put(track.entries, { at: result.at, scene });
			track.heardAt = now;
			track.intervalMs = intervalOf(track.entries);
		}
	}

	/**
	 * Into `found`, emptied first: of each task and scene the result nearest to the picture, if one is within an interval of
	 * their rate. An engine that takes longer than the picture does to get here has none such: its newest result goes into
	 * `late` instead, unless it is older than the picture by more than the hold.
	 */
	match(captureMs: number, now: number, found: Entry[], late: Entry[]): void {
		found.length = late.length = 0;
		for (const track of this.#tracks.values()) {
			if (now - track.heardAt >= holdMs) continue;
			const entry = nearest(track.entries, captureMs);
			if (!entry) continue;
			const isInStep = Math.abs(entry.at - captureMs) <= track.intervalMs;
			if (!isInStep && (entry.at > captureMs || captureMs - entry.at > holdMs)) continue;
			if (!isInStep) track.lateAt = now;
			(now - track.lateAt < lateStaysMs ? late : found).push(entry);
		}
	}

	clear(): void {
		this.#tracks.clear();
	}
}

/** Results come in any order; the same moment comes once. */
function put(entries: Entry[], entry: Entry): void {
	let place = entries.length;
	while (place > 0 && (entries[place - 1]?.at ?? 0) > entry.at) place -= 1;
	if (entries[place - 1]?.at === entry.at) entries[place - 1] = entry;
	else entries.splice(place, 0, entry);
	if (entries.length > mostKept) entries.shift();
}

function nearest(entries: readonly Entry[], captureMs: number): Entry | undefined {
	// Pictures are younger than most of what is kept: the search begins at the end.
	for (let index = entries.length - 1; index >= 0; index--) {
		const entry = entries[index];
		if (!entry || entry.at > captureMs) continue;
		const next = entries[index + 1];
		return next && next.at - captureMs < captureMs - entry.at ? next : entry;
	}
	return entries[0];
}

/** The middle one of the last distances: a missing result does not make the others go with pictures far away. */
function intervalOf(entries: readonly Entry[]): number {
	const last = entries.slice(-rated);
	const gaps = last.slice(1).map(({ at }, index) => at - (last[index]?.at ?? at));
	gaps.sort((a, b) => a - b);
	const middle = gaps[Math.floor(gaps.length / 2)] ?? unknownRateMs;
	return Math.min(holdMs, middle);
}
