/** What was found, in words of the language on screen where there are any. */
import { said as inLanguage } from '$lib/alarms/names';
import type { AiLatest } from '$lib/api';
import { labelName } from './overlay/words';

/** Words of the product before those of the node, which knows one language. */
export function saidOf({ said, event_desc }: Pick<AiLatest, 'said' | 'event_desc'>): string | undefined {
	return (said ? inLanguage(said) : event_desc) || undefined;
}

export function eventName({ event_type }: Pick<AiLatest, 'event_type'>): string | undefined {
	return event_type ? labelName(event_type) : undefined;
}
