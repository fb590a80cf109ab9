/** A clip: asked for first, so that a refusal is said on the page and not found in a file. */
import { failure, type Failure } from '$lib/api';
import { toFailure } from '$lib/api/result';
import { platform } from '$lib/platform';

/** Saves what `url` serves; answers the problem when the site has nothing to serve. */
export async function saveClip(url: string, fileName: string): Promise<Failure | undefined> {
	try {
		const head = await fetch(url, { method: 'HEAD', credentials: 'same-origin', signal: AbortSignal.timeout(15_000) });
		if (!head.ok) {
			// A HEAD has no body that could say why.
			const answer = await fetch(url, { credentials: 'same-origin', headers: { range: 'bytes=0-0' }, signal: AbortSignal.timeout(15_000) });
			return toFailure(answer.status, await answer.json().catch(() => undefined));
		}
	} catch {
		return failure('site_unreachable');
	}
	await platform.save(url, fileName);
	return undefined;
}

/** `Gate 2026-11-25 21-47-37.mp4`: a name that every file system takes. */
export function clipName(camera: string, localTime: string): string {
	const name = camera.replace(/[\\/:*?"<>|\p{Cc}]/gu, '_').trim();
	return `${name} ${localTime.replace('T', ' ').replaceAll(':', '-')}.mp4`;
}
