/** Whose recordings the playback page opens with. */
import { cameras } from '$lib/state/cameras.svelte';
import { recordedPath, type DeckCamera } from './deck.svelte';

/** Those the address names (`path`, several with commas, or `camera`), else the first camera there is. */
export function firstCameras(asked: URLSearchParams): DeckCamera[] {
	const paths = (asked.get('path') ?? '').split(',').filter((path) => path !== '');
	const named = paths.flatMap((path) => {
		const camera = cameras.list.find((one) => one.streams.some((stream) => stream.path === path));
		return camera ? [{ name: camera.name, path }] : [];
	});
	if (named.length > 0) return named;
	const camera = cameras.list.find((one) => String(one.id) === asked.get('camera')) ?? cameras.list[0];
	const path = camera && recordedPath(camera);
	return camera && path ? [{ name: camera.name, path }] : [];
}
