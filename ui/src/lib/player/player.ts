/**
 * One tile's live picture: a connection, a renderer and the watch over both. Framework-free: it knows addresses and
 * gives an element; the page only places that element and reads the state.
 */
import { AudioTrack } from './audio';
import type { ServerClock } from './clock';
import { LiveConnection } from './connection';
import { counters } from './counters';
import { fall, isOver, type Fallback } from './fallback';
import type { Frame } from './framing';
import { heal, healthy, type Healing, type Remedy } from './healing';
import { askHeight } from './height';
import { judge, type Trouble } from './judge';
import type { LiveHello } from './messages';
import { Meter } from './meter';
import { codecList, type Abilities } from './probe';
import type { RendererStats } from './renderer';
import { Stage, type ShownPicture } from './stage';
import { isLasting, looksSame, type PlayerState } from './state';
import { everyTick } from './ticker';
import { waysFor, type Way, type WayChoice } from './ways';

export type Role = 'auto' | 'main' | 'sub';

export interface PlayerSource {
	liveUrl(query: Record<string, string | number | boolean | undefined>): string;
	snapshotUrl(): string;
	hasSubStream: boolean;
}

export interface PlayerContext {
	clock: ServerClock;
	can: Abilities;
	choice: WayChoice;
}

export interface PlayerStats extends RendererStats {
	hello?: LiveHello;
	ageMs?: number;
	framesPerSecond: number;
	kilobitsPerSecond: number;
	reconnects: number;
	lostMessages: number;
	step: Healing['step'];
	tripMs?: number;
}

/** A second connection attempt from stills is given this long before stills go on alone. */
const tryLiveMs = 10_000;
const statsEveryTicks = 8;
const mostBroken = 4;
const lateTickMs = 1500;
/** A tile that comes back is not called stale before it had this long to show a new picture. */
const resumeMs = 1000;

export class LivePlayer {
	state: PlayerState = { kind: 'connecting' };
	#listeners = new Set<(state: PlayerState) => void>();
	#frameListeners = new Set<(captureMs: number) => void>();
	#connection: LiveConnection | undefined;
	readonly #stage: Stage;
	#audio: AudioTrack | undefined;
	#hello: LiveHello | undefined;
	#healing: Healing = healthy;
	#ways: Way[];
	#broken = 0;
	#role: Role = 'auto';
	/** The main stream did not play; what the operator chose stays chosen. */
	#fallback: Fallback | undefined;
	#isFallen = false;
	#resumedAt: number | undefined;
	#height: number | undefined;
	#replayS = 0;
	#isVisible = true;
	#isHeld = false;
	#wantsAudio = false;
	#phase = 'live';
	#trouble: Trouble | undefined;
	#captureMs: number | undefined;
	#youngAt = performance.now();
	#receivedAt = 0;
	#livePresentedAt = 0;
	/** The last live picture, however old it was. */
	#movedAt = 0;
	#staleAfterMs = 2000;
	#presented = 0;
	#ticks = 0;
	#tickedAt = performance.now();
	readonly #meter = new Meter(performance.now());
	#isDisposed = false;
	readonly #stopTicking: () => void;

	constructor(
		private readonly source: PlayerSource,
		private readonly context: PlayerContext,
		heightPx: number
	) {
		counters.players += 1;
		this.#stage = new Stage({ snapshotUrl: () => source.snapshotUrl(), clock: context.clock }, { onPresented: (captureMs, isLive) => this.#onPresented(captureMs, isLive), onBroken: () => this.#onBroken() });
		this.#height = askHeight(undefined, heightPx);
		this.#ways = waysFor(context.can, context.choice);
		this.#open();
		this.#stopTicking = everyTick((now) => this.#tick(now));
	}

	get root(): HTMLElement {
		return this.#stage.root;
	}

	watch(listener: (state: PlayerState) => void): () => void {
		this.#listeners.add(listener);
		listener(this.state);
		return () => this.#listeners.delete(listener);
	}

	/** Hears of each picture as it comes on screen, with the time it was taken, UTC ms of the site. Must be quick. */
	watchFrames(listener: (captureMs: number) => void): () => void {
		this.#frameListeners.add(listener);
		return () => this.#frameListeners.delete(listener);
	}

	/** What is on screen, and the size of its picture. */
	get picture(): ShownPicture | undefined {
		return this.#stage.picture;
	}

	/** The site has another idea of how old a live picture may be. */
	setStaleAfter(ms: number): void {
		if (this.#staleAfterMs === ms) return;
		this.#staleAfterMs = ms;
		this.#update();
	}

	/** False while the tile is hidden, out of view or in a hidden window. */
	setVisible(isVisible: boolean): void {
		if (this.#isVisible === isVisible) return;
		this.#isVisible = isVisible;
		this.#runOrRest();
	}

	/** The operator holds the picture. */
	setHeld(isHeld: boolean): void {
		if (this.#isHeld === isHeld) return;
		this.#isHeld = isHeld;
		this.#runOrRest();
	}

	get isHeld(): boolean {
		return this.#isHeld;
	}

	/** Height of the tile in device pixels. */
	setHeight(pixels: number): void {
		const height = askHeight(this.#height, pixels);
		if (height === this.#height) return;
		this.#height = height;
		this.#select();
	}

	get role(): Role {
		return this.#role;
	}

	setRole(role: Role): void {
		if (this.#role === role && !this.#isFallen) return;
		this.#role = role;
		this.#isFallen = false;
		this.#select();
	}

	setAudio(on: boolean): void {
		if (this.#wantsAudio === on) return;
		this.#wantsAudio = on;
		if (!on) {
			this.#audio?.dispose();
			this.#audio = undefined;
		} else if (this.#hello?.has_audio) this.#listen();
		this.#connection?.send({ type: 'audio', on });
	}

	/** A new timeline each time: what follows a reconnect or another stream does not continue the old one. */
	#listen(): void {
		this.#audio?.dispose();
		this.#audio = undefined;
		try {
			this.#audio = new AudioTrack();
		} catch {
			// A browser without Media Source Extensions stays silent; the picture goes on.
		}
	}

	get hasAudio(): boolean {
		return this.#hello?.has_audio ?? false;
	}

	/** Plays the last `seconds` again; 0 returns to live. The old picture stays until the new one shows. */
	replay(seconds: number): void {
		if (this.#replayS === seconds) return;
		this.#replayS = seconds;
		this.#healing = healthy;
		this.#stage.dropIncoming();
		this.#connection?.close();
		this.#open();
		this.#update();
	}

	get isReplay(): boolean {
		return this.#replayS > 0;
	}

	/** Now, without waiting for the next attempt. */
	retry(): void {
		this.#trouble = undefined;
		this.#healing = healthy;
		this.#broken = 0;
		this.#connection?.close();
		this.#open();
		this.#update();
	}

	attached(): void {
		this.#stage.attached();
	}

	stats(): PlayerStats {
		return {
			...(this.#stage.stats() ?? { way: this.#ways[0] ?? 'still', bufferedS: 0, rate: 1, dropped: 0 }),
			hello: this.#hello,
			ageMs: this.ageMs,
			framesPerSecond: this.#meter.framesPerSecond,
			kilobitsPerSecond: this.#meter.kilobitsPerSecond,
			reconnects: this.#connection?.reconnects ?? 0,
			lostMessages: this.#connection?.lostMessages ?? 0,
			step: this.#healing.step
		};
	}

	/** How old the picture on screen is, by the site's clock. */
	get ageMs(): number | undefined {
		return this.#captureMs === undefined ? undefined : Math.max(0, this.context.clock.now() - this.#captureMs);
	}

	dispose(): void {
		if (this.#isDisposed) return;
		this.#isDisposed = true;
		this.#stopTicking();
		this.#connection?.close();
		this.#stage.dispose();
		this.#audio?.dispose();
		this.#listeners.clear();
		this.#frameListeners.clear();
		counters.players -= 1;
	}

	get #isResting(): boolean {
		return !this.#isVisible || this.#isHeld;
	}

	#open(): void {
		const way = this.#ways[0];
		if (!way) return this.#fallToStill();
		this.#youngAt = performance.now();
		this.#phase = 'live';
		this.#connection = new LiveConnection(() => this.#url(), this.context.clock, {
			onHello: (hello) => this.#greeted(hello),
			onFrame: (frame) => this.#received(frame),
			onStatus: (phase, code, retryAt) => {
				this.#phase = phase;
				this.#trouble = code ? { code, params: {}, retryAt } : undefined;
				this.#update();
			},
			onDown: (code, params, retryAt) => {
				this.#trouble = { code, params, retryAt };
				this.#phase = isLasting(code) ? 'needs_attention' : 'waiting';
				this.#update();
			}
		});
	}

	#url(): string {
		const way: Way = this.#ways[0] ?? 'mse';
		return this.source.liveUrl({
			codecs: codecList(this.context.can, way),
			max_height: this.#height,
			select: 'auto',
			audio: this.#wantsAudio || undefined,
			replay_s: this.#replayS || undefined
		});
	}

	#greeted(hello: LiveHello): void {
		this.#hello = hello;
		this.#staleAfterMs = hello.stale_after_ms || this.#staleAfterMs;
		this.#phase = 'live';
		this.#trouble = undefined;
		if (this.#isResting) this.#connection?.send({ type: 'pause' });
		if (this.#wanted !== 'auto' && hello.role !== this.#wanted) this.#select();
		if (this.#wantsAudio && hello.has_audio) this.#listen();
		const way: RendererStats['way'] = hello.mime.startsWith('image/') ? 'jpeg' : (this.#ways[0] ?? 'mse');
		this.#stage.prepare({ way, isReplay: this.isReplay }, hello);
	}

	#onPresented(captureMs: number, isLive: boolean): void {
		this.#captureMs = captureMs;
		this.#resumedAt = undefined;
		this.#presented += 1;
		const now = performance.now();
		if (isLive) this.#movedAt = now;
		const isYoung = this.isReplay || this.context.clock.now() - captureMs <= this.#staleAfterMs;
		if (isYoung) {
			this.#youngAt = now;
			if (isLive) this.#livePresentedAt = now;
		}
		if (this.state.kind !== 'playing' && this.state.kind !== 'replaying') this.#update();
		for (const listener of this.#frameListeners) listener(captureMs);
	}

	/** The decoder gave up: the next way, and when all have, stills. */
	#onBroken(): void {
		this.#broken += 1;
		if (this.#broken > mostBroken) return this.#fallToStill();
		if (this.#ways.length > 1 && this.#broken % 2 === 0) this.#ways.push(...this.#ways.splice(0, 1));
		this.#stage.outdate();
		this.#connection?.reopen();
	}

	#received(frame: Frame): void {
		this.#receivedAt = performance.now();
		if (frame.isAudio) return this.#audio?.push(frame);
		if (this.#isResting) return;
		this.#stage.push(frame);
		if (frame.kind === 'init') this.#audio?.push(frame);
	}

	get #wanted(): Role {
		return this.#isFallen ? 'sub' : this.#role;
	}

	#select(): void {
		this.#connection?.send({ type: 'select', role: this.#wanted, max_height: this.#height });
	}

	#runOrRest(): void {
		if (this.#isResting) {
			this.#connection?.send({ type: 'pause' });
			this.#stage.suspend();
		} else {
			this.#youngAt = this.#resumedAt = performance.now();
			// Stills are looked after by the healing that chose them.
			if (this.#healing.step !== 'still') this.#healing = healthy;
			this.#connection?.send({ type: 'resume' });
		}
		this.#update();
	}

	#tick(now: number): void {
		// A page that was not given the processor knows nothing about the camera: it starts watching afresh.
		if (now - this.#tickedAt > lateTickMs) this.#youngAt = now;
		this.#tickedAt = now;
		this.#ticks += 1;
		if (this.#ticks % 4 === 0) this.#meter.measure(now, this.#presented, this.#connection?.bytes ?? 0);
		if (!this.#isResting) {
			this.#stage.tick();
			this.#audio?.tick();
			this.#watchOver(now);
			if (this.#ticks % statsEveryTicks === 0) this.#report();
		}
		this.#update();
	}

	#watchOver(now: number): void {
		if (this.isReplay) return;
		const { healing, remedy } = heal(this.#healing, {
			now,
			isFlowing: now - this.#livePresentedAt < this.#staleAfterMs,
			isMoving: now - this.#movedAt < this.#staleAfterMs,
			isReceiving: now - this.#receivedAt < 1000,
			isSourceLive: (this.#connection?.isOpen ?? false) && (this.#phase === 'live' || this.#phase === 'idle'),
			frozenMs: now - this.#youngAt,
			hasShown: this.#captureMs !== undefined,
			hasSubStream: this.source.hasSubStream && this.#hello?.role === 'main'
		});
		this.#healing = healing;
		if (remedy) this.#apply(remedy, now);
		else if (this.#isFallen && this.#fallback && healing.step === 'none' && isOver(this.#fallback, now)) {
			this.#isFallen = false;
			this.#select();
		}
	}

	#apply(remedy: Remedy, now: number): void {
		switch (remedy) {
			case 'nudge':
				return this.#stage.nudge();
			case 'reopen':
				return this.#connection?.reopen();
			case 'sub_stream':
				this.#fallback = fall(this.#fallback, now);
				this.#isFallen = true;
				return this.#select();
			case 'still':
				return this.#fallToStill();
			case 'try_live':
				this.#connection?.close();
				this.#broken = 0;
				this.#open();
				setTimeout(() => {
					if (this.#healing.step === 'still' && performance.now() - this.#livePresentedAt > tryLiveMs && now > 0) this.#fallToStill();
				}, tryLiveMs);
		}
	}

	#fallToStill(): void {
		if (this.#isDisposed) return;
		this.#connection?.close();
		this.#connection = undefined;
		this.#healing = { step: 'still', since: performance.now() };
		this.#stage.prepareStills();
	}

	#report(): void {
		const age = this.ageMs;
		if (age === undefined || this.isReplay) return;
		this.#connection?.send({
			type: 'stats',
			live_age_ms: Math.round(age),
			dropped_frames: this.#stage.dropped,
			is_stale: age > this.#staleAfterMs,
			step: this.#healing.step === 'none' ? undefined : this.#healing.step
		});
	}

	#update(): void {
		const next = judge({
			isPaused: this.#isResting || this.#isResuming,
			isReplay: this.isReplay,
			isSettled: this.#stage.isSettled,
			ageMs: this.ageMs,
			staleAfterMs: this.#staleAfterMs,
			step: this.#healing.step,
			phase: this.#phase,
			trouble: this.#trouble,
			before: this.state,
			now: Date.now()
		});
		if (looksSame(this.state, next)) return;
		this.state = next;
		for (const listener of [...this.#listeners]) listener(next);
	}

	get #isResuming(): boolean {
		return this.#resumedAt !== undefined && performance.now() - this.#resumedAt < resumeMs;
	}
}
