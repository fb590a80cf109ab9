/** Devices that are being added, or looked at before that: how far it is, and what became of each row. */
import { api, type DeviceView, type Failure, type NewOnboarding, type NotifyServerMessage, type OnboardingProgress, type OnboardingRetryRow, type OnboardingRowView, type OnboardingView } from '$lib/api';
import { follow } from './feed';
import { mergedRows } from './rows';

export class Batch {
	progress = $state.raw<OnboardingProgress>();
	rows = $state.raw<OnboardingRowView[]>([]);
	problem = $state.raw<Failure>();
	isAsking = $state(false);
	#unfollow: (() => void) | undefined;
	/** Rows that the site told by itself while a page of rows was on its way: that page is older. */
	#told: number[] | undefined;

	get isRunning(): boolean {
		return this.isAsking || this.progress?.state === 'running';
	}

	/** True when it began. */
	async start(order: NewOnboarding): Promise<boolean> {
		this.#unfollow ??= follow(['onboarding'], { hear: (message) => this.#hear(message), connected: () => void this.#read() });
		this.isAsking = true;
		this.problem = undefined;
		const answer = await api.post<OnboardingView>('/onboarding', order, { timeoutMs: 60_000 });
		this.isAsking = false;
		if (answer.kind === 'error') this.problem = answer;
		if (answer.kind !== 'ok') return false;
		this.rows = [];
		this.#told = undefined;
		this.#take(answer.value);
		await this.#read();
		return true;
	}

	/** Without rows all that failed are tried again. Answers why it could not begin. */
	async retry(rows: OnboardingRetryRow[] = []): Promise<Failure | undefined> {
		const answer = await api.post<OnboardingView>(`/onboarding/${this.progress?.id ?? 0}/retry`, { rows });
		if (answer.kind === 'ok') await this.#read();
		return answer.kind === 'error' ? answer : undefined;
	}

	async cancel(): Promise<void> {
		if (this.progress) await api.delete(`/onboarding/${this.progress.id}`);
	}

	/** The device stays the site's: it only answers elsewhere now. */
	async move(row: OnboardingRowView): Promise<Failure | undefined> {
		const id = row.problem?.params.device_id;
		const answer = await api.patch<DeviceView>(`/devices/${id}`, { address: row.address });
		if (answer.kind === 'error') return answer;
		if (answer.kind === 'ok') {
			const added = { ...row, state: 'added', problem: undefined, device_id: answer.value.id, camera_ids: answer.value.camera_ids };
			this.rows = mergedRows(this.rows, [added]);
		}
		return undefined;
	}

	close(): void {
		this.#unfollow?.();
		this.#unfollow = undefined;
	}

	#hear(message: NotifyServerMessage): void {
		if (message.type !== 'onboarding_changed' || message.job.id !== this.progress?.id) return;
		this.progress = message.job;
		this.rows = mergedRows(this.rows, message.rows);
		this.#told = [...(this.#told ?? []), ...message.rows.map(({ row }) => row)];
	}

	#take(view: OnboardingView): void {
		const told = this.#told;
		if (!told) this.progress = view;
		this.rows = mergedRows(
			this.rows,
			view.rows.filter(({ row }) => !told?.includes(row))
		);
	}

	async #read(): Promise<void> {
		let cursor: string | undefined;
		do {
			const id: number | undefined = this.progress?.id;
			if (id === undefined) return;
			this.#told = undefined;
			const page = await api.get<OnboardingView>(`/onboarding/${id}`, { query: { limit: 200, cursor } });
			if (page.kind !== 'ok' || this.progress?.id !== id) return;
			this.#take(page.value);
			cursor = page.value.next_cursor ?? undefined;
		} while (cursor);
	}
}
