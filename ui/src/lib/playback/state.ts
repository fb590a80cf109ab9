/** What a playback tile is doing. */
export type PlaybackState =
	| { kind: 'idle' }
	| { kind: 'connecting' }
	| { kind: 'seeking'; at: number }
	| { kind: 'paused'; at: number }
	| { kind: 'playing'; at: number; speed: number }
	| { kind: 'gap'; from: number; to: number; reason: string }
	| { kind: 'live_edge'; at: number }
	| { kind: 'end'; at: number }
	/** The connection broke; it is opened again by itself. */
	| { kind: 'lost' }
	| { kind: 'failed'; code: string; params: Record<string, string> };

/** Speeds offered, slowest first; negative ones run backwards by key frames. */
export const SPEEDS = [-16, -8, -4, -2, -1, -0.5, -0.25, -0.125, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16] as const;

/** The next speed up or down, staying at the ends. */
export function nextSpeed(current: number, direction: 1 | -1): number {
	const index = SPEEDS.findIndex((speed) => speed >= current);
	const from = index < 0 ? SPEEDS.length - 1 : index;
	return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, from + direction))]!;
}
