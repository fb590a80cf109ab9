/** The site's news of searches and of devices being added, while a page wants it. */
import type { NotifyServerMessage } from '$lib/api';
import { NotifySocket, notifyUrl } from '$lib/live/notify';

export interface FeedListener {
	hear: (message: NotifyServerMessage) => void;
	/** The connection stands, perhaps again: what was missed has to be asked for. */
	connected: () => void;
}

/** Answers what ends it. */
export function follow(topics: string[], listener: FeedListener): () => void {
	const socket = new NotifySocket(notifyUrl(), topics, {
		onMessage: (message) => listener.hear(message),
		onConnected: (isConnected) => {
			if (isConnected) listener.connected();
		}
	});
	socket.open();
	return () => socket.close();
}
