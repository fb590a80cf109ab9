/** Saves the picture of a camera. Asked for first, so that a failure is said instead of saved as a file. */
import { apiUrl, failure, type Failure } from '$lib/api';
import { toFailure } from '$lib/api/result';
import { platform } from '$lib/platform';

const timeoutMs = 10_000;

export function snapshotUrl(path: string): string {
	return apiUrl(`/live/${path}/snapshot.jpg`);
}

/** `Gate 2026-11-25 14-03-09.jpg`, local time; without what a file system may refuse. */
export function fileName(name: string, at: Date): string {
	const two = (value: number) => String(value).padStart(2, '0');
	const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
	const time = `${two(at.getHours())}-${two(at.getMinutes())}-${two(at.getSeconds())}`;
	const safe = name.replace(/[\\/:*?"<>|\p{Cc}]+/gu, '_').trim();
	return `${safe || 'camera'} ${day} ${time}.jpg`;
}

/** Resolves to what went wrong, if something did. The site keeps the picture for a second: both requests get the same one. */
export async function saveSnapshot(path: string, name: string): Promise<Failure | undefined> {
	try {
		const answer = await fetch(snapshotUrl(path), { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });
		if (!answer.ok) return toFailure(answer.status, await answer.json().catch(() => undefined));
		await answer.arrayBuffer();
	} catch {
		return failure('snapshot_failed');
	}
	await platform.save(snapshotUrl(path), fileName(name, new Date()));
	return undefined;
}
