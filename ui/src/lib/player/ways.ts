/** In which order to try the ways of decoding. Pure. */
import type { Abilities } from './probe';

export type Way = 'webcodecs' | 'mse';
/** `auto` takes WebCodecs first: it shows each frame as it arrives, while a media element holds a few. */
export type WayChoice = 'auto' | Way;

export function waysFor(can: Abilities, choice: WayChoice): Way[] {
	const working: Way[] = (['webcodecs', 'mse'] as const).filter((way) => can[way].length > 0);
	// A way that plays more codecs saves the site a transcode.
	if (choice === 'auto') return working.sort((a, b) => can[b].length - can[a].length);
	return working.sort((a, b) => Number(b === choice) - Number(a === choice));
}
