/** What a stream's camera is called; a stream whose camera is gone keeps its path. */
import { cameras } from '$lib/state/cameras.svelte';

export function nameOf(path: string): string {
	return cameras.list.find((camera) => camera.streams.some((stream) => stream.path === path))?.name ?? path;
}
