/** How much time is left to take care of an alarm. Pure. */
import type { AlarmView } from '$lib/api';
import { isOpen } from './level';

export interface Countdown {
	kind: 'left' | 'soon' | 'over';
	/** Until the deadline, or since it. */
	ms: number;
}

/** The last minute, or the last tenth of a longer deadline, is soon. */
const soonMs = 60_000;

export function countdown(alarm: Pick<AlarmView, 'state' | 'deadline' | 'is_overdue' | 'first_at'>, now: number): Countdown | undefined {
	if (!isOpen(alarm)) return undefined;
	if (alarm.deadline === null || alarm.deadline === undefined) return alarm.is_overdue ? { kind: 'over', ms: 0 } : undefined;
	const left = alarm.deadline - now;
	if (left <= 0) return { kind: 'over', ms: now - alarm.deadline };
	const whole = Math.max(0, alarm.deadline - alarm.first_at);
	return { kind: left <= Math.max(soonMs, whole / 10) ? 'soon' : 'left', ms: left };
}

/** `4:05`, `1:02:09`: a countdown is read at a glance, digit below digit. */
export function digits(ms: number): string {
	const seconds = Math.max(0, Math.ceil(ms / 1000));
	const two = (value: number) => String(value).padStart(2, '0');
	const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
	return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
