/** Messages of the playback socket, as `api/playback.rs` defines them. Times are UTC milliseconds. */

export type PlaybackCommand =
	| { type: 'play'; at?: number; speed?: number }
	| { type: 'pause' }
	| { type: 'seek'; at: number }
	| { type: 'step'; frames: number }
	| { type: 'skip_gaps'; on: boolean };

export type PlaybackNotice =
	| {
			type: 'hello';
			mime: string;
			codec: string;
			width: number;
			height: number;
			has_audio: boolean;
			server_at: number;
			transcoded: boolean;
	  }
	| { type: 'seeked'; at: number; seek_id: number }
	| { type: 'gap'; from: number; to: number; reason: string }
	| { type: 'live_edge'; at: number }
	| { type: 'end'; at: number }
	| { type: 'pong'; client_at: number; server_at: number }
	| { type: 'error'; code: string; params: Record<string, string> };

const KINDS: ReadonlySet<string> = new Set<PlaybackNotice['type']>([
	'hello',
	'seeked',
	'gap',
	'live_edge',
	'end',
	'pong',
	'error'
]);

/** Unknown and malformed messages are ignored: a newer server may say more than we understand. */
export function parseNotice(text: string): PlaybackNotice | undefined {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
		return KINDS.has(String(value.type)) ? (value as PlaybackNotice) : undefined;
	} catch {
		return undefined;
	}
}
