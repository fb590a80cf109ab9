/** Which mode the site is in, and the week that says so. */
import { api, type ArmingView, type Failure } from '$lib/api';

/** The schedule changes the mode without an edit. */
const refreshMs = 30_000;

export const armingModes = ['day', 'night', 'holiday'] as const;
export type ArmingMode = (typeof armingModes)[number];

export class Arming {
	view = $state.raw<ArmingView>();
	/** One that this page does not know counts as day. */
	readonly mode: ArmingMode = $derived(armingModes.find((one) => one === this.view?.mode) ?? 'day');

	follow(): () => void {
		const timer = setInterval(() => { if (document.visibilityState === 'visible') void this.load(); }, refreshMs);
		return () => clearInterval(timer);
	}

	async load(): Promise<void> {
		const answer = await api.get<ArmingView>('/arming');
		if (answer.kind === 'ok') this.view = answer.value;
	}

	/** Answers what was wrong. */
	async save(change: Partial<ArmingView>): Promise<Failure | undefined> {
		if (!this.view) return undefined;
		const answer = await api.put<ArmingView>('/arming', { ...this.view, ...change });
		if (answer.kind === 'ok') this.view = answer.value;
		return answer.kind === 'error' ? answer : undefined;
	}
}
