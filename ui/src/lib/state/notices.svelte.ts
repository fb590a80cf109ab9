/** What cameras notice right now, by camera, as the site tells it. */
import { SvelteMap } from 'svelte/reactivity';
import type { CameraEventView } from '$lib/api';
import { foremost, noticed, type Going } from './notice';

class Notices {
	/** What goes on, by camera. */
	readonly #going = new SvelteMap<number, readonly Going[]>();
	readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

	/** The gravest kind that goes on; undefined: nothing. */
	of(cameraId: number): string | undefined {
		return foremost(this.#going.get(cameraId) ?? []);
	}

	hear(event: CameraEventView): void {
		this.#set(event.camera_id, noticed(this.#going.get(event.camera_id) ?? [], event, Date.now()));
	}

	clear(): void {
		for (const timer of this.#timers.values()) clearTimeout(timer);
		this.#timers.clear();
		this.#going.clear();
	}

	/** What ends by itself does so without another event. */
	#set(id: number, going: readonly Going[]): void {
		clearTimeout(this.#timers.get(id));
		this.#timers.delete(id);
		if (going.length === 0) {
			this.#going.delete(id);
			return;
		}
		this.#going.set(id, going);
		const next = Math.min(...going.map(({ until }) => until));
		const end = () => {
			const at = Date.now();
			this.#set(id, (this.#going.get(id) ?? []).filter(({ until }) => until > at));
		};
		this.#timers.set(id, setTimeout(end, Math.max(50, next - Date.now() + 5)));
	}
}

export const notices = new Notices();
