/** Counters a test reads to prove that nothing leaks. */
interface WatchwallCounters {
	players: number;
	sockets: number;
	decoders: number;
	mediaSources: number;
	objectUrls: number;
}

declare global {
	namespace App {}
	interface Window {
		__watchwall?: { counters: WatchwallCounters };
		__TAURI_INTERNALS__?: unknown;
		ManagedMediaSource?: typeof MediaSource;
	}
}

export {};
