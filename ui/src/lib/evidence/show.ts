/** From a list to the pictures it is about. */
import { goto } from '$app/navigation';
import { resolve } from '$app/paths';

export function showInPlayback(paths: readonly string[], at: number): void {
	const query = new URLSearchParams({ path: paths.join(','), at: String(at) });
	void goto(resolve(`/playback?${query}`));
}
