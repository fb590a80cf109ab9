/** What may be done to an alarm as it stands. Pure. */
import type { AlarmView } from '$lib/api';
import { isOpen } from './level';

export type Act = 'acknowledge' | 'take' | 'resolve' | 'reopen';
export const verdicts = ['real', 'false', 'test'] as const;
export type Verdict = (typeof verdicts)[number];
export const mostNoteLetters = 1000;

/** `user`: who is asking; what somebody has in progress he need not take again. */
export function allowed(alarm: Pick<AlarmView, 'state' | 'owner'>, user: string | undefined): Act[] {
	if (!isOpen(alarm)) return ['reopen'];
	const acts: Act[] = [];
	if (alarm.state === 'new') acts.push('acknowledge');
	if (alarm.state !== 'in_progress' || alarm.owner !== user) acts.push('take');
	return [...acts, 'resolve'];
}
