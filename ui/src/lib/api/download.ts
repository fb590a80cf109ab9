/** Saves a file of the site: asked for first, so that a refusal is said on the page and not found in a file. */
import { platform } from '$lib/platform';
import { failure, toFailure, type Failure } from './result';

const usualMs = 15_000;

/** Saves what `url` serves; answers the problem when the site has nothing to serve. */
export async function download(url: string, fileName: string, { waitMs = usualMs } = {}): Promise<Failure | undefined> {
	try {
		const head = await fetch(url, { method: 'HEAD', credentials: 'same-origin', signal: AbortSignal.timeout(waitMs) });
		if (!head.ok) {
			// A HEAD has no body that could say why.
			const answer = await fetch(url, { credentials: 'same-origin', headers: { range: 'bytes=0-0' }, signal: AbortSignal.timeout(waitMs) });
			return toFailure(answer.status, await answer.json().catch(() => undefined));
		}
	} catch {
		return failure('site_unreachable');
	}
	await platform.save(url, fileName);
	return undefined;
}
