import type { GapView } from '$lib/api';
import { format, lookup, t } from '$lib/i18n';

/** `3 min without recording: the camera was offline.` A reason of a newer site reads as unknown. */
export function gapText({ from, to, reason }: GapView): string {
	const length = format.duration(to - from);
	return lookup(`playback.gap.${reason}`, { length }) ?? t('playback.gap.unknown', { length });
}
