/**
 * The site's cameras and groups: fetched once, refreshed when the site says they were edited;
 * stream status by path, replaced only where it really changed.
 */
import { SvelteMap } from 'svelte/reactivity';
import { failure, getAll, type CameraStatus, type CameraView, type Failure, type GroupView, type HealthStatus, type NotifyServerMessage, type StreamStatus } from '$lib/api';
import { alarms } from '$lib/alarms/alarms.svelte';
import { notices } from './notices.svelte';
import { session } from './session.svelte';
import { locale } from '$lib/i18n';
import { NotifySocket, notifyUrl } from '$lib/live/notify';

class Cameras {
	list = $state.raw<CameraView[]>([]);
	groups = $state.raw<GroupView[]>([]);
	phase = $state<'idle' | 'loading' | 'ready' | 'failed'>('idle');
	problem = $state<Failure | null>(null);
	/** The notify socket is up; otherwise what is shown may be old. */
	isConnected = $state(false);
	/** Counts edits of other lists by name (`layouts`, `plans`, `settings`), for those who show them. */
	readonly edits = new SvelteMap<string, number>();
	readonly status = new SvelteMap<string, StreamStatus>();
	/** How each camera stands as a whole, by its number. */
	readonly health = new SvelteMap<number, HealthStatus>();
	/** Those that are switched on: what a wall is filled with. */
	readonly enabled = $derived(this.list.filter((camera) => camera.enabled));
	readonly byId = $derived(new Map(this.list.map((camera) => [camera.id, camera])));
	readonly byPath = $derived(new Map(this.list.flatMap((camera) => camera.streams.map(({ path }) => [path, camera]))));
	#socket: NotifySocket | null = null;
	#refresh: ReturnType<typeof setTimeout> | undefined;
	#loading: Promise<void> | undefined;
	#following: Promise<void> | undefined;

	start(): void {
		if (this.#socket) return;
		this.#socket = new NotifySocket(notifyUrl(), ['cameras', 'recording', 'system', 'events', ...(session.can('alarms') ? ['alarms'] : [])], {
			onMessage: (message) => this.#receive(message),
			onConnected: (connected) => {
				this.isConnected = connected;
				if (!connected) void session.check();
				// What was edited while the socket was down was not announced.
				if (connected && this.phase !== 'loading') void this.load();
			}
		});
		this.#socket.open();
		void this.load();
	}

	stop(): void {
		this.#socket?.close();
		clearTimeout(this.#refresh);
		this.#refresh = undefined;
		this.#socket = null;
		this.list = [];
		this.groups = [];
		this.status.clear();
		this.health.clear();
		notices.clear();
		alarms.clear();
		this.phase = 'idle';
		this.isConnected = false;
	}

	/**
	 * Resolves when what the site knew at the time of the call is on screen. Calls during a load share the next one:
	 * an act on hundreds of cameras is hundreds of edits, and each is announced.
	 */
	load(): Promise<void> {
		if (!this.#loading) {
			this.#loading = this.#fetch().finally(() => (this.#loading = undefined));
			return this.#loading;
		}
		this.#following ??= this.#loading.then(() => {
			this.#following = undefined;
			return this.load();
		});
		return this.#following;
	}

	async #fetch(): Promise<void> {
		const socket = this.#socket;
		if (this.phase !== 'ready') this.phase = 'loading';
		const [cameras, groups] = await Promise.all([getAll<CameraView>('/cameras'), getAll<GroupView>('/groups')]);
		// Logged out in the meantime.
		if (socket !== this.#socket) return;
		if (cameras.kind === 'ok') {
			this.list = byName(cameras.value);
			if (groups.kind === 'ok') this.groups = byName(groups.value);
			for (const camera of cameras.value) {
				this.#stand(camera.id, camera.health);
				for (const stream of camera.streams) this.#apply(stream.path, stream.status);
			}
			this.phase = 'ready';
			this.problem = null;
		} else {
			this.problem = cameras.kind === 'error' ? cameras : failure('site_unreachable');
			if (this.phase !== 'ready') this.phase = 'failed';
		}
	}

	#receive(message: NotifyServerMessage): void {
		if (message.type === 'cameras_snapshot' || message.type === 'cameras_changed') this.#changed(message.cameras);
		else if (message.type === 'camera_event') notices.hear(message.event);
		else if (message.type.startsWith('alarm')) alarms.hear(message);
		else if (message.type === 'edited') {
			this.edits.set(message.what, (this.edits.get(message.what) ?? 0) + 1);
			if (message.what === 'settings') void session.check();
			if (message.what === 'cameras' || message.what === 'groups') void this.load();
		}
	}

	#changed(cameras: CameraStatus[]): void {
		for (const camera of cameras) {
			this.#stand(camera.camera_id, camera.health);
			for (const stream of camera.streams) this.#apply(stream.path, stream);
		}
		const isNewlySeen = cameras.some(({ camera_id, streams }) => {
			const held = this.byId.get(camera_id);
			return streams.some((stream) => stream.phase === 'live' && held?.streams.some((one) => one.path === stream.path && !one.facts));
		});
		if (isNewlySeen) this.#refreshSoon();
	}

	/** What a stream is becomes known with its first pictures; the list is read again once they are there. */
	#refreshSoon(): void {
		this.#refresh ??= setTimeout(() => {
			this.#refresh = undefined;
			void this.load();
		}, 3000);
	}

	#stand(id: number, { state, since, code }: HealthStatus): void {
		const held = this.health.get(id);
		if (held?.state !== state || held.since !== since || held.code !== (code ?? undefined)) this.health.set(id, { state, since, code: code ?? undefined });
	}

	#apply(path: string, next: StreamStatus): void {
		const held = this.status.get(path);
		if (held && same(held, next)) return;
		this.status.set(path, next);
	}
}

/** As people count: `Camera 2` before `Camera 10`. */
function byName<T extends { name: string }>(items: T[]): T[] {
	const order = new Intl.Collator(locale.language, { numeric: true, sensitivity: 'base' });
	return items.sort((a, b) => order.compare(a.name, b.name));
}

function same(a: StreamStatus, b: StreamStatus): boolean {
	return (
		a.phase === b.phase &&
		a.code === b.code &&
		a.retry_at === b.retry_at &&
		a.since === b.since &&
		a.recording === b.recording &&
		a.recording_code === b.recording_code &&
		a.reconnects === b.reconnects &&
		a.viewers === b.viewers &&
		a.bitrate_kbps === b.bitrate_kbps &&
		a.frame_rate === b.frame_rate
	);
}

export const cameras = new Cameras();
