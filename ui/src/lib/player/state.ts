/** What a tile shows. Times are milliseconds; `since` and `retryAt` are on this computer's clock. */
import type { Step } from './healing';

export type PlayerState =
	| { kind: 'idle' }
	| { kind: 'connecting' }
	| { kind: 'playing'; ageMs: number; step: Step }
	/** A stretch of the recent past, asked for from the ring. */
	| { kind: 'replaying'; ageMs: number }
	/** The last picture is older than the site allows. */
	| { kind: 'stale'; since: number; ageMs: number; step: Step }
	/** Nothing can come at the moment; the next attempt is known. */
	| { kind: 'waiting'; code: string; params: Record<string, string>; retryAt?: number }
	/** Someone has to do something. */
	| { kind: 'failed'; code: string; params: Record<string, string> }
	| { kind: 'paused' };

/** Codes that time alone does not cure. The player looks again every half minute, in case someone did something. */
const lasting = new Set([
	'right_missing',
	'login_required',
	'not_found',
	'camera_not_found',
	'camera_disabled',
	'stream_path_invalid',
	'stream_path_unknown',
	'codec_impossible',
	'codec_unsupported',
	'credentials_wrong',
	'credentials_missing',
	'engine_missing',
	'no_video',
	'not_rtsp',
	'player_unsupported',
	'preview_unreachable',
	'preview_unsupported'
]);

export function isLasting(code: string): boolean {
	return lasting.has(code);
}

/** Same for the eye: an update that changes nothing on screen is not worth one. */
export function looksSame(a: PlayerState, b: PlayerState): boolean {
	if (a.kind !== b.kind) return false;
	switch (a.kind) {
		case 'playing':
		case 'stale': {
			const other = b as typeof a;
			return a.step === other.step && Math.round(a.ageMs / 100) === Math.round(other.ageMs / 100);
		}
		case 'replaying':
			return Math.round(a.ageMs / 500) === Math.round((b as typeof a).ageMs / 500);
		case 'waiting': {
			const other = b as typeof a;
			return a.code === other.code && a.retryAt === other.retryAt;
		}
		case 'failed':
			return a.code === (b as typeof a).code;
		default:
			return true;
	}
}
