/** JSON messages of the live socket, as far as the player reads them. */
export interface LiveHello {
	type: 'hello';
	path: string;
	role: string;
	mime: string;
	codec: string;
	width: number;
	height: number;
	frame_rate: number;
	has_audio: boolean;
	server_at: number;
	reason: string;
	transcoded: boolean;
	stale_after_ms: number;
}

export type LiveServerMessage =
	| LiveHello
	| { type: 'pong'; client_at: number; server_at: number }
	| { type: 'status'; phase: string; code?: string | null; retry_at?: number | null }
	| { type: 'error'; code: string; params?: Record<string, string> };

export type LiveClientMessage =
	| { type: 'ping'; client_at: number }
	| { type: 'pause' }
	| { type: 'resume' }
	| { type: 'select'; role: 'main' | 'sub' | 'auto'; max_height?: number }
	| { type: 'audio'; on: boolean }
	| { type: 'stats'; live_age_ms: number; dropped_frames: number; is_stale: boolean; step?: string };

/** Undefined for anything this player does not know; it is ignored. */
export function parseMessage(text: string): LiveServerMessage | undefined {
	try {
		const message = JSON.parse(text) as LiveServerMessage;
		return ['hello', 'pong', 'status', 'error'].includes(message?.type) ? message : undefined;
	} catch {
		return undefined;
	}
}
