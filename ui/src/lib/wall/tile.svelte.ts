/**
 * One tile's hold on a player: takes it from the pool, places its element, follows its size and visibility, and
 * hands its state to components at most four times a second.
 */
import type { Attachment } from 'svelte/attachments';
import { socketUrl } from '$lib/api';
import { pool, type LivePlayer, type PlayerState, type PlayerStats, type Role, type ShownPicture } from '$lib/player';
import { preferences } from '$lib/state/preferences.svelte';
import { snapshotUrl } from './snapshot';

const replayS = 30;

/** What a tile has to know of what it shows; a camera is one. */
export interface Watched {
	streams: readonly { path: string; role: string }[];
}

interface FrameListener {
	listener: (captureMs: number) => void;
	/** Of the player that is there now. */
	unwatch?: () => void;
}

export class TileView {
	state = $state.raw<PlayerState>({ kind: 'connecting' });
	stats = $state.raw<PlayerStats | null>(null);
	showsStats = $state(false);
	hasAudio = $state(false);
	role = $state<Role>('auto');
	isReplay = $state(false);
	isHeld = $state(false);
	#player: LivePlayer | undefined;
	#isCovered = false;
	#isInView = true;
	#frameListeners: FrameListener[] = [];

	/** Runs the picture of a camera, or of whatever is watched like one, in the element for as long as both exist. */
	picture(key: string, camera: Watched): Attachment<HTMLElement> {
		const path = camera.streams[0]?.path;
		return (host) => {
			if (!path) return;
			const leaving = new AbortController();
			const resized = new ResizeObserver(() => this.#measure(host));
			const seen = new IntersectionObserver(([entry]) => {
				this.#isInView = entry?.isIntersecting ?? true;
				this.#applyVisible();
			});
			const hidden = () => this.#applyVisible();
			const source = {
				liveUrl: (query: Record<string, string | number | boolean | undefined>) => socketUrl(`/live/${path}`, query),
				snapshotUrl: () => snapshotUrl(path),
				hasSubStream: camera.streams.some((stream) => stream.role === 'sub')
			};
			let unwatch: (() => void) | undefined;
			void pool.acquire(key, source, preferences.player, heightOf(host), leaving.signal).then((player) => {
				if (!player) return;
				this.#player = player;
				for (const one of this.#frameListeners) one.unwatch = player.watchFrames(one.listener);
				host.append(player.root);
				player.attached();
				this.role = player.role;
				this.isReplay = player.isReplay;
				this.isHeld = player.isHeld;
				unwatch = player.watch((state) => {
					this.state = state;
					this.hasAudio = player.hasAudio;
					if (this.showsStats) this.stats = player.stats();
				});
				this.#applyVisible();
				resized.observe(host);
				seen.observe(host);
				document.addEventListener('visibilitychange', hidden);
			});
			return () => {
				leaving.abort();
				resized.disconnect();
				seen.disconnect();
				document.removeEventListener('visibilitychange', hidden);
				unwatch?.();
				if (!this.#player) return;
				this.#player.setAudio(false);
				for (const one of this.#frameListeners) {
					one.unwatch?.();
					one.unwatch = undefined;
				}
				this.#player = undefined;
				pool.release(key);
			};
		};
	}

	/** Hears of each picture as it comes on screen, whichever player shows it. On the frame path: nothing here is reactive. */
	watchFrames(listener: (captureMs: number) => void): () => void {
		const one: FrameListener = { listener, unwatch: this.#player?.watchFrames(listener) };
		this.#frameListeners.push(one);
		return () => {
			one.unwatch?.();
			this.#frameListeners = this.#frameListeners.filter((other) => other !== one);
		};
	}

	get shown(): ShownPicture | undefined {
		return this.#player?.picture;
	}

	/** Another tile lies over this one. */
	setCovered(isCovered: boolean): void {
		this.#isCovered = isCovered;
		this.#applyVisible();
	}

	setAudio(on: boolean): void {
		this.#player?.setAudio(on);
	}

	setRole(role: Role): void {
		this.#player?.setRole(role);
		this.role = role;
	}

	toggleHeld(): void {
		this.#player?.setHeld(!this.#player.isHeld);
		this.isHeld = this.#player?.isHeld ?? false;
	}

	toggleReplay(): void {
		this.#player?.replay(this.#player.isReplay ? 0 : replayS);
		this.isReplay = this.#player?.isReplay ?? false;
	}

	toggleStats(): void {
		this.showsStats = !this.showsStats;
		this.stats = this.showsStats ? (this.#player?.stats() ?? null) : null;
	}

	retry(): void {
		this.#player?.retry();
	}

	#applyVisible(): void {
		this.#player?.setVisible(this.#isInView && !this.#isCovered && document.visibilityState === 'visible');
	}

	#measure(host: HTMLElement): void {
		if (host.clientHeight > 0) this.#player?.setHeight(heightOf(host));
	}
}

function heightOf(host: HTMLElement): number {
	return Math.max(1, Math.round(host.clientHeight * devicePixelRatio));
}
