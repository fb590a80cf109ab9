/**
 * The cameras on the playback page: one engine each, all on one clock. Alone the page keeps that clock itself; in a
 * playback group the site does, and whatever is done here is asked of the group and comes back from it.
 */
import { api, apiUrl, failure, socketUrl, type CameraView, type Failure, type GroupClockView, type GroupFooting, type TimelineTrack, type TimelineView } from '$lib/api';
import { cameras } from '$lib/state/cameras.svelte';
import type { AlarmMark } from '$lib/timeline/alarm_flags';
import { marksOf } from '$lib/timeline/marks';
import { stretchesOf } from '$lib/timeline/view';
import type { TimelineRow } from '$lib/timeline/draw';
import { DeckClock, judge, type Footing } from './clock';
import { readAlarms } from './deck_alarms';
import { groupFooting } from './group_footing';
import { GroupLink } from './group_link';
import { PlaybackTile } from './tile.svelte';
import { nextSpeed, type PlaybackState } from './state';

export interface DeckCamera {
	readonly name: string;
	readonly path: string;
}

/** The stream of a camera that is being recorded, else its first. */
export function recordedPath(camera: CameraView): string | undefined {
	const recorded = camera.streams.find((stream) => (cameras.status.get(stream.path) ?? stream.status).recording !== 'off');
	return (recorded ?? camera.streams[0])?.path;
}

/** Most cameras side by side. */
export const MAX_TILES = 9;
/** The playhead moves this often on screen. */
const UPDATE_MS = 250;
/** Time starts without a tile that has nothing to show after this long. */
const LATEST_START_MS = 3000;
/** The screen was not refreshed for this long: the page was hidden, and time stood. */
const HIDDEN_MS = 1000;
/** A moment this near to the one asked for is the same one. */
const BESIDE_MS = 2000;
/** How long a note of what was jumped over stays. */
const NOTE_MS = 6000;

/** A playback group as the page shows it. */
export interface DeckGroup {
	readonly name: string;
	/** How many follow its clock, this page included; undefined while it is not connected. */
	readonly members: number | undefined;
}

export class PlaybackDeck {
	cameras = $state.raw<DeckCamera[]>([]);
	tiles = $state.raw<PlaybackTile[]>([]);
	selected = $state(0);
	speed = $state(1);
	isPlaying = $state(false);
	/** The selected tile is heard; silent at first. */
	isAudible = $state(false);
	/** The recorded moment on screen, or the one asked for, UTC milliseconds. */
	position = $state(0);
	tracks = $state.raw<TimelineTrack[]>([]);
	/** Alarms of each camera, by its stream. */
	alarms = $state.raw<Record<string, AlarmMark[]>>({});
	problem = $state.raw<Failure>();
	/** A stretch that nobody has recorded was jumped over. */
	skipped = $state.raw<{ from: number; to: number }>();
	/** Counts lost connections, so that the page asks the site what is wrong. */
	losses = $state(0);
	group = $state.raw<DeckGroup>();
	#clock: DeckClock;
	#link: GroupLink | undefined;
	#epoch = 0;
	/** End of the last stretch that the group jumped over, which it tells again and again. */
	#skippedTo: number | undefined;
	#footing: GroupFooting['kind'] = 'preparing';
	#frame = 0;
	#startedAt = 0;
	#lastTick = 0;
	#lastUpdate = 0;
	#stepping: PlaybackTile | undefined;
	/** Moments stepped to that the group has not answered yet. */
	#steps: number[] = [];
	#note: ReturnType<typeof setTimeout> | undefined;

	constructor(from: number) {
		this.position = from;
		this.#clock = new DeckClock(from);
	}

	readonly rows: TimelineRow[] = $derived(
		this.cameras.map((camera, index) => {
			const track = this.tracks.find((one) => one.path === camera.path);
			return {
				label: camera.name,
				coverage: stretchesOf(track?.coverage ?? []),
				gaps: track?.gaps ?? [],
				filled: track?.filled ?? [],
				marks: track ? marksOf(track) : [],
				bookmarks: track?.bookmarks ?? [],
				locks: track?.locks ?? [],
				alarms: this.alarms[camera.path] ?? [],
				selected: index === this.selected
			};
		})
	);

	show(cameras: DeckCamera[]): void {
		const held = this.tiles;
		const selected = this.cameras[this.selected]?.path;
		this.cameras = cameras.slice(0, MAX_TILES);
		this.tiles = this.cameras.map(({ path }) => held.find((tile) => tile.path === path) ?? this.#newTile(path));
		const index = this.cameras.findIndex((camera) => camera.path === selected);
		this.select(Math.max(0, index < 0 ? Math.min(this.selected, this.cameras.length - 1) : index));
	}

	/** Keys and sound belong to this tile from now on. */
	select(index: number): void {
		this.selected = index;
		this.#mix();
	}

	toggleSound(): void {
		this.isAudible = !this.isAudible;
		this.#mix();
	}

	/** Reads coverage and gaps of what is visible; keeps the old ones when it fails. */
	async load(from: number, to: number, widthPx: number, signal: AbortSignal): Promise<void> {
		if (this.cameras.length === 0) {
			this.tracks = [];
			return;
		}
		const alarms = readAlarms(this.cameras.map(({ path }) => path), from, to, signal);
		const answer = await api.get<TimelineView>('/timeline', {
			query: {
				paths: this.cameras.map((camera) => camera.path).join(','),
				from: Math.floor(from),
				to: Math.ceil(to),
				resolution_ms: Math.max(1, Math.floor((to - from) / Math.max(1, widthPx)))
			},
			signal
		});
		if (answer.kind === 'aborted') return;
		this.problem = answer.kind === 'error' ? answer : undefined;
		if (answer.kind === 'ok') this.tracks = answer.value.tracks;
		const found = await alarms;
		if (found && !signal.aborted) this.alarms = found;
	}

	/** Goes to a moment; says so when it is not the one that was `wanted`, because nothing is recorded there. */
	seek(at: number, wanted = at): void {
		this.#stepping = undefined;
		this.skipped = undefined;
		if (Math.abs(at - wanted) > BESIDE_MS) this.#skip(wanted, at);
		if (this.#link?.say({ type: 'seek', at: Math.round(at) })) return;
		this.#stand(at);
		if (this.isPlaying) this.#restart();
		else for (const tile of this.tiles) tile.show(at);
	}

	play(speed = this.speed): void {
		this.#stepping = undefined;
		if (this.#link?.say({ type: 'play', at: null, speed })) return;
		this.speed = speed;
		this.isPlaying = true;
		this.#restart();
	}

	pause(): void {
		if (!this.#link?.say({ type: 'pause', at: null })) this.#halt();
	}

	toggle(): void {
		if (this.isPlaying) this.pause();
		else this.play();
	}

	/** One frame of the selected camera; the others follow to its moment. */
	step(frames: 1 | -1): void {
		if (this.isPlaying) this.#halt();
		this.#stepping = this.tiles[this.selected];
		this.#stepping?.step(frames);
	}

	faster(direction: 1 | -1): void {
		this.setSpeed(nextSpeed(this.speed, direction));
	}

	setSpeed(speed: number): void {
		if (this.#link?.say({ type: 'speed', speed })) return;
		this.speed = speed;
		if (this.isPlaying) this.play(speed);
	}

	/** Follows the clock of a group from now on; a new one stands where this page stands. */
	join(name: string): void {
		this.leave();
		this.group = { name, members: undefined };
		const url = socketUrl(`/playback-groups/${name}`, { at: Math.round(this.position) });
		this.#link = new GroupLink(url, {
			onClock: (clock, since) => this.#follow(clock, since),
			onLost: () => (this.group = this.group && { ...this.group, members: undefined }),
			onRefused: (code, params) => (this.problem = failure(code, params))
		});
	}

	/** Goes on alone, as it is. */
	leave(): void {
		this.#link?.close();
		this.#link = undefined;
		this.#epoch = 0;
		this.group = undefined;
	}

	close(): void {
		this.#link?.close();
		clearTimeout(this.#note);
		cancelAnimationFrame(this.#frame);
		this.#frame = 0;
	}

	/** The site names the file: a browser takes its word before the page's. */
	clipUrl(camera: DeckCamera, from: number, to: number, name: string): string {
		return apiUrl(`/playback/${camera.path}/clip.mp4`, { from: Math.round(from), to: Math.round(to), name });
	}

	/** On a grid, so that the browser's cache and the site's serve neighbours; exact only where the timeline shows it. */
	thumbnailUrl(camera: DeckCamera, at: number, msPerPx: number): string {
		if (msPerPx > 500) return apiUrl(`/playback/${camera.path}/thumbnail.jpg`, { at: Math.floor(at / 10_000) * 10_000 });
		return apiUrl(`/playback/${camera.path}/frame.jpg`, { at: Math.floor(at / 1000) * 1000, max_height: 144 });
	}

	#newTile(path: string): PlaybackTile {
		const tile = new PlaybackTile(path, this.position, (from, state) => this.#hear(from, state));
		if (this.isPlaying) tile.play(this.#clock.at(performance.now()), this.speed);
		return tile;
	}

	#hear(tile: PlaybackTile, state: PlaybackState): void {
		if (state.kind === 'lost') this.losses += 1;
		if (this.isPlaying || state.kind !== 'paused' || tile !== this.tiles[this.selected]) return;
		this.#stand(state.at);
		if (this.#stepping !== tile) return;
		// Rounded up: its picture covers the moment, the one before does not.
		const at = Math.ceil(state.at);
		if (this.#link?.say({ type: 'pause', at })) return void this.#steps.push(at);
		for (const other of this.tiles) if (other !== tile) other.show(state.at);
	}

	#mix(): void {
		this.tiles.forEach((tile, index) => tile.setAudible(this.isAudible && index === this.selected));
	}

	#skip(from: number, to: number): void {
		this.skipped = { from, to };
		clearTimeout(this.#note);
		this.#note = setTimeout(() => (this.skipped = undefined), NOTE_MS);
	}

	#stand(at: number): void {
		this.#clock.jump(at, performance.now());
		this.position = at;
	}

	/** What the group's clock says, which is news when its epoch is another. */
	#follow({ epoch, phase, at, speed, skipped, members }: GroupClockView, since: number): void {
		const now = performance.now();
		const isNews = epoch !== this.#epoch;
		this.#epoch = epoch;
		if (this.group?.members !== members && this.group) this.group = { ...this.group, members };
		this.speed = speed;
		this.isPlaying = phase !== 'paused';
		const [from, to] = skipped ?? [];
		if (from !== undefined && to !== undefined && to !== this.#skippedTo) this.#skip(from, to);
		this.#skippedTo = to;
		if (phase === 'running') this.#clock.follow(at, since, speed);
		else {
			this.#clock.hold(now);
			this.#clock.jump(at, now);
		}
		if (!isNews) return;
		this.position = this.#clock.at(now);
		this.#footing = 'preparing';
		// Nobody waits for pictures that nobody sees.
		if (document.hidden) this.#link?.stand(epoch, { kind: 'ready' });
		if (this.isPlaying) return this.#begin(now);
		this.#stop();
		// Who stepped there is there, and may be further by now.
		const answered = this.#steps.indexOf(at);
		if (answered < 0) this.#stepping = undefined;
		this.#steps = answered < 0 ? [] : this.#steps.slice(answered + 1);
		for (const tile of this.tiles) if (tile !== this.#stepping) tile.show(at);
	}

	#halt(): void {
		this.isPlaying = false;
		this.#clock.hold(performance.now());
		this.#stop();
		this.position = this.#clock.at(0);
		for (const tile of this.tiles) tile.pause(this.position);
	}

	/** Everybody goes to where the clock stands; time starts when all have something to show. */
	#restart(): void {
		const now = performance.now();
		this.#clock.hold(now);
		this.#begin(now);
	}

	/** Everybody goes to where the clock is, and it ticks from now on. */
	#begin(now: number): void {
		const at = this.#clock.at(now);
		this.#startedAt = this.#lastTick = now;
		for (const tile of this.tiles) tile.play(at, this.speed);
		if (!this.#frame) this.#frame = requestAnimationFrame((time) => this.#tick(time));
	}

	#stop(): void {
		cancelAnimationFrame(this.#frame);
		this.#frame = 0;
	}

	#tick(now: number): void {
		this.#frame = requestAnimationFrame((time) => this.#tick(time));
		const slept = now - this.#lastTick > HIDDEN_MS;
		const footings = this.tiles.flatMap((tile) => tile.footing ?? []);
		if (this.#link?.isOpen) this.#report(now, slept, footings);
		else if (!this.#conduct(now, slept, footings)) return;
		this.#lastTick = now;
		const at = this.#clock.at(now);
		for (const tile of this.tiles) tile.tick(at);
		if (now - this.#lastUpdate < UPDATE_MS) return;
		this.#lastUpdate = now;
		this.position = at;
	}

	/** Alone: decides whether time goes on. False when it is over. */
	#conduct(now: number, slept: boolean, footings: readonly Footing[]): boolean {
		if (slept) this.#clock.jump(this.#clock.at(this.#lastTick), now);
		if (!this.#clock.isRunning) {
			const isReady = footings.length === this.tiles.length && footings.every((one) => one.isReady);
			if (isReady || now - this.#startedAt > LATEST_START_MS) this.#clock.run(now, this.speed);
			return true;
		}
		const verdict = judge(this.#clock.at(now), this.speed, footings);
		if (verdict.kind === 'hold') this.#clock.jump(verdict.at, now);
		else if (verdict.kind === 'skip') {
			this.#skip(this.#clock.at(now), verdict.to);
			this.#clock.jump(verdict.to, now);
		} else if (verdict.kind === 'end') this.#halt();
		return verdict.kind !== 'end';
	}

	/** In a group: tells what this page can show. Its time went on while the page was hidden. */
	#report(now: number, slept: boolean, footings: readonly Footing[]): void {
		if (slept) return this.#begin(now);
		const isWhole = footings.length === this.tiles.length;
		const standing = { at: this.#clock.at(now), speed: this.speed, before: this.#footing };
		const footing = isWhole ? groupFooting(standing, footings) : ({ kind: 'preparing' } as const);
		this.#footing = footing.kind;
		this.#link?.stand(this.#epoch, footing);
	}
}
