/** The site's rules while their room is open. */
import { SvelteSet } from 'svelte/reactivity';
import { api, getAll, type AlarmRuleView, type Failure, type NewAlarmRule, type PushRoutesView, type Result, type RuleMatch, type RuleTrialView } from '$lib/api';
import { toasts } from '$lib/design/primitives';
import { t } from '$lib/i18n';

const tryMs = 60_000;

export class Rules {
	list = $state.raw<AlarmRuleView[]>();
	/** Keys of the routes there are. */
	routes = $state.raw<string[]>(['default']);
	problem = $state.raw<Failure>();
	readonly busy = new SvelteSet<number>();

	async load(): Promise<void> {
		const [rules, routes] = await Promise.all([getAll<AlarmRuleView>('/alarm-rules'), api.get<PushRoutesView>('/push-routes')]);
		this.problem = rules.kind === 'error' ? rules : undefined;
		if (rules.kind === 'ok') this.list = rules.value;
		if (routes.kind === 'ok') this.routes = routes.value.routes.map(({ key }) => key);
	}

	async save(rule: AlarmRuleView | undefined, wish: NewAlarmRule): Promise<Failure | undefined> {
		const answer: Result<AlarmRuleView> = rule ? await api.put(`/alarm-rules/${rule.id}`, wish, { ifMatch: rule.version }) : await api.post('/alarm-rules', wish);
		if (answer.kind === 'error') return answer;
		await this.load();
		return undefined;
	}

	async setEnabled(rule: AlarmRuleView, enabled: boolean): Promise<void> {
		this.busy.add(rule.id);
		const { name, when, then, rest_s } = rule;
		const problem = await this.save(rule, { name, when, then, rest_s, enabled });
		if (problem) {
			toasts.failure(problem);
			await this.load();
		}
		this.busy.delete(rule.id);
	}

	/** Undo makes it anew. */
	async remove(rule: AlarmRuleView): Promise<Failure | undefined> {
		const answer = await api.delete(`/alarm-rules/${rule.id}`, { ifMatch: rule.version });
		if (answer.kind === 'error') return answer;
		await this.load();
		const { name, when, then, rest_s, enabled } = rule;
		const undo = async () => {
			const problem = await this.save(undefined, { name, when, then, rest_s, enabled });
			if (problem) toasts.failure(problem);
		};
		toasts.show({ kind: 'info', text: t('rules.removed', { name }), action: { label: t('ui.undo'), act: () => void undo() } });
		return undefined;
	}

	/** How often it would have fired. */
	async try(when: RuleMatch, rest_s: number, from: number, to: number): Promise<RuleTrialView | Failure | undefined> {
		const answer = await api.post<RuleTrialView>('/alarm-rules/try', { when, rest_s, from, to }, { timeoutMs: tryMs });
		return answer.kind === 'ok' ? answer.value : answer.kind === 'error' ? answer : undefined;
	}
}
