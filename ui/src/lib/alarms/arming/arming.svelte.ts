/** Which mode the site is in, and the week that says so. */
import { api, type Failure } from '$lib/api';
import { at, type ArmingView } from '../wire';

/** The schedule changes the mode without an edit. */
const refreshMs = 30_000;

export class Arming {
	view = $state.raw<ArmingView>();

	follow(): () => void {
		const timer = setInterval(() => { if (document.visibilityState === 'visible') void this.load(); }, refreshMs);
		return () => clearInterval(timer);
	}

	async load(): Promise<void> {
		const answer = await api.get<ArmingView>(at('/arming'));
		if (answer.kind === 'ok') this.view = answer.value;
	}

	/** Answers what was wrong. */
	async save(change: Partial<ArmingView>): Promise<Failure | undefined> {
		if (!this.view) return undefined;
		const answer = await api.put<ArmingView>(at('/arming'), { ...this.view, ...change });
		if (answer.kind === 'ok') this.view = answer.value;
		return answer.kind === 'error' ? answer : undefined;
	}
}
