/** How a try to send something ended. */
import { lookup } from '$lib/i18n';

const kinds: Record<string, 'live' | 'warning' | 'alarm' | 'idle'> = { sent: 'live', retry: 'warning', refused: 'alarm', given_up: 'alarm', summarised: 'idle' };

export function outcomeKind(outcome: string): 'live' | 'warning' | 'alarm' | 'idle' {
	return kinds[outcome] ?? 'idle';
}

export function outcomeName(outcome: string): string {
	return lookup(`push.outcome.${outcome}`) ?? outcome;
}
