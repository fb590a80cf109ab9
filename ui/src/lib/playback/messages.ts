/** Messages of the playback socket. Their shapes come from the API document. */
import type { PlaybackServerMessage } from '$lib/api';

const KINDS: ReadonlySet<string> = new Set<PlaybackServerMessage['type']>([
	'hello',
	'seeked',
	'gap',
	'live_edge',
	'end',
	'pong',
	'error'
]);

/** Unknown and malformed messages are ignored: a newer server may say more than we understand. */
export function parseNotice(text: string): PlaybackServerMessage | undefined {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
		return KINDS.has(String(value.type)) ? (value as PlaybackServerMessage) : undefined;
	} catch {
		return undefined;
	}
}
