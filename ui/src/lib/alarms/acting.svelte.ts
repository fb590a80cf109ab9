/** What an operator does about alarms. Each act answers whether it was done; what kept it back is told. */
import { SvelteMap } from 'svelte/reactivity';
import { api, type AlarmsChanged, type AlarmView, type Failure } from '$lib/api';
import { toasts } from '$lib/design/primitives';
import { t } from '$lib/i18n';
import type { Act, Verdict } from './acts';
import { alarms } from './alarms.svelte';

interface Words {
	note?: string;
	verdict?: Verdict;
}

const mostAtOnce = 500;

class Acting {
	/** What is being done to which alarm, by its number. */
	readonly busy = new SvelteMap<number, Act | 'note'>();

	/** Answers what was wrong. */
	async act(alarm: Pick<AlarmView, 'id'>, act: Act | 'note', words: Words = {}): Promise<Failure | undefined> {
		if (this.busy.has(alarm.id)) return undefined;
		this.busy.set(alarm.id, act);
		const answer = await api.post<AlarmView>(`/alarms/${alarm.id}/${act}`, words);
		this.busy.delete(alarm.id);
		if (answer.kind === 'ok') alarms.changed([answer.value]);
		return answer.kind === 'error' ? answer : undefined;
	}

	/** The same, from a button or a key: a failure is a toast. */
	async quick(alarm: Pick<AlarmView, 'id'>, act: 'acknowledge' | 'take' | 'reopen'): Promise<void> {
		const problem = await this.act(alarm, act);
		if (problem) toasts.failure(problem);
	}

	/** Several at once. Answers what was wrong with all of it; those that were refused alone are told. */
	async many(ids: readonly number[], act: 'acknowledge' | 'resolve', words: Words = {}): Promise<Failure | undefined> {
		let [done, refused] = [0, 0];
		for (let from = 0; from < ids.length; from += mostAtOnce) {
			const asked = ids.slice(from, from + mostAtOnce);
			for (const id of asked) this.busy.set(id, act);
			const answer = await api.post<AlarmsChanged>(`/alarms/${act}`, { ids: asked, ...words }, { timeoutMs: 60_000 });
			for (const id of asked) this.busy.delete(id);
			if (answer.kind === 'error') return answer;
			if (answer.kind !== 'ok') return undefined;
			alarms.changed(answer.value.alarms);
			done += answer.value.alarms.length;
			refused += answer.value.refused.length;
		}
		const text = t(act === 'acknowledge' ? 'alarms.did.acknowledged' : 'alarms.did.resolved', { count: done });
		toasts.show(refused > 0 ? { kind: 'info', text, next: t('alarms.did.refused', { count: refused }) } : { kind: 'success', text });
		return undefined;
	}
}

export const acting = new Acting();
