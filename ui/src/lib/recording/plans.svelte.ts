/** The site's plans and volumes while their room is open, and what can be done with them. */
import { SvelteSet } from 'svelte/reactivity';
import { api, getAll, type Failure, type PlanPatch, type PlansSaved, type PlanView, type Result, type TriggerView, type VolumeView } from '$lib/api';
import { toasts } from '$lib/design/primitives';
import { format, t } from '$lib/i18n';
import { cameras } from '$lib/state/cameras.svelte';
import type { PlanRow } from './rows';

/** How each plan stands comes by itself; what its schedule says next does not. */
const refreshMs = 15_000;

export interface Refused {
	row: PlanRow;
	code: string;
	params: Record<string, string>;
}

export class Plans {
	list = $state.raw<PlanView[]>();
	volumes = $state.raw<VolumeView[]>([]);
	problem = $state.raw<Failure>();
	/** Paths of the streams that something is being done to. */
	readonly busy = new SvelteSet<string>();

	/** Until the function it gives is called. */
	follow(): () => void {
		const timer = setInterval(() => void this.load(), refreshMs);
		return () => clearInterval(timer);
	}

	async load(): Promise<void> {
		const [plans, volumes] = await Promise.all([getAll<PlanView>('/plans'), getAll<VolumeView>('/volumes')]);
		this.problem = plans.kind === 'error' ? plans : volumes.kind === 'error' ? volumes : undefined;
		if (plans.kind === 'ok') this.list = plans.value;
		if (volumes.kind === 'ok') this.volumes = volumes.value;
	}

	/** How a stream stands right now, in a word. */
	running(row: PlanRow): string {
		return cameras.status.get(row.path)?.recording ?? row.plan?.running ?? 'off';
	}

	/** Why it does not record. */
	reason(row: PlanRow): string | undefined {
		if (this.running(row) !== 'not_recording') return undefined;
		return cameras.status.get(row.path)?.recording_code ?? row.plan?.running_code ?? undefined;
	}

	/** One stream's plan, if nobody changed it meanwhile. */
	async save(row: PlanRow, change: PlanPatch): Promise<Failure | undefined> {
		const answer = await api.put(`/plans/${row.path}`, change, row.plan ? { ifMatch: row.plan.version } : {});
		await this.load();
		return answer.kind === 'error' ? answer : undefined;
	}

	/** The same change for several, all of them or none. */
	async saveAll(rows: readonly PlanRow[], change: PlanPatch): Promise<Failure | Refused[]> {
		const versions = Object.fromEntries(rows.flatMap(({ path, plan }) => (plan ? [[path, plan.version]] : [])));
		for (const { path } of rows) this.busy.add(path);
		const answer = await api.post<PlansSaved>('/plans/bulk', { paths: rows.map(({ path }) => path), versions, change }, { timeoutMs: 60_000 });
		await this.load();
		for (const { path } of rows) this.busy.delete(path);
		if (answer.kind === 'error') return answer;
		if (answer.kind !== 'ok') return [];
		return answer.value.items.flatMap(({ path, code, params }) => {
			const row = rows.find((one) => one.path === path);
			return code && row ? [{ row, code, params: params as Record<string, string> }] : [];
		});
	}

	/** Switches plans on or off and says what came of it. */
	async setEnabled(rows: readonly PlanRow[], enabled: boolean): Promise<void> {
		const outcome = await this.saveAll(rows, { enabled });
		const [first] = Array.isArray(outcome) ? outcome : [];
		if (!Array.isArray(outcome)) toasts.failure(outcome);
		else if (first) toasts.failure({ kind: 'error', status: 422, code: first.code, params: first.params });
		else toasts.show({ kind: 'success', text: t(enabled ? 'plans.did.enabled' : 'plans.did.disabled', { count: rows.length }) });
	}

	/** Records now, whatever the schedule says. */
	async trigger(rows: readonly PlanRow[]): Promise<void> {
		const until = await this.#each(rows, (path) => api.post<TriggerView>(`/recording/${path}/trigger`, {}));
		if (until.length > 0) toasts.show({ kind: 'success', text: t('plans.did.triggered', { count: until.length, time: format.clock(Math.max(...until.map((one) => one.until))) }) });
	}

	/** Ends what was asked for; what the schedule and the camera want goes on. */
	async withdraw(rows: readonly PlanRow[]): Promise<void> {
		const ended = await this.#each(rows, (path) => api.delete(`/recording/${path}/trigger`));
		if (ended.length > 0) toasts.show({ kind: 'success', text: t('plans.did.withdrawn', { count: ended.length }) });
	}

	/** The same for each stream; what failed first is told, and what came of the others is given. */
	async #each<T>(rows: readonly PlanRow[], act: (path: string) => Promise<Result<T>>): Promise<T[]> {
		for (const { path } of rows) this.busy.add(path);
		const answers = await Promise.all(rows.map(({ path }) => act(path)));
		await this.load();
		for (const { path } of rows) this.busy.delete(path);
		const failed = answers.find((answer) => answer.kind === 'error');
		if (failed?.kind === 'error') toasts.failure(failed);
		return answers.flatMap((answer) => (answer.kind === 'ok' ? [answer.value] : []));
	}
}
