/** Live results of the cameras that somebody looks at, over one socket. Nothing is open while nobody does, or while the page is hidden. */
import type { NotifyServerMessage } from '$lib/api';
import { NotifySocket, notifyUrl } from '$lib/live/notify';
import type { AiResultMessage, LiveResult } from '../wire';

type Listener = (result: LiveResult) => void;

/** Tiles come and go together when a layout changes: they ask once. */
const gatherMs = 100;

class ResultFeed {
	readonly #listeners = new Map<number, Set<Listener>>();
	#socket: NotifySocket | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#asked = '';

	/** Until the function it gives is called. */
	follow(cameraId: number, listener: Listener): () => void {
		if (this.#listeners.size === 0) document.addEventListener('visibilitychange', this.#settleSoon);
		const listeners = this.#listeners.get(cameraId) ?? new Set();
		this.#listeners.set(cameraId, listeners.add(listener));
		this.#settleSoon();
		return () => {
			listeners.delete(listener);
			if (listeners.size === 0 && this.#listeners.get(cameraId) === listeners) this.#listeners.delete(cameraId);
			if (this.#listeners.size === 0) document.removeEventListener('visibilitychange', this.#settleSoon);
			this.#settleSoon();
		};
	}

	readonly #settleSoon = (): void => {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.#settle();
		}, gatherMs);
	};

	#settle(): void {
		const topics = document.visibilityState === 'visible' ? [...this.#listeners.keys()].sort((a, b) => a - b).map((id) => `results:${id}`) : [];
		const asked = topics.join(' ');
		if (asked === this.#asked) return;
		this.#asked = asked;
		if (topics.length === 0) {
			this.#socket?.close();
			this.#socket = undefined;
		} else if (this.#socket) this.#socket.setTopics(topics);
		else {
			this.#socket = new NotifySocket(notifyUrl(), topics, { onMessage: (message) => this.#hear(message), onConnected: () => {} });
			this.#socket.open();
		}
	}

	#hear(message: NotifyServerMessage): void {
		const said = message as NotifyServerMessage | AiResultMessage;
		if (said.type !== 'ai_result') return;
		for (const listener of this.#listeners.get(said.result.camera_id) ?? []) listener(said.result);
	}
}

export const resultFeed = new ResultFeed();
