/** Adds one device and waits until that is decided. */
import { api, failure, type Failure, type OnboardingRow, type OnboardingRowView, type OnboardingView } from '$lib/api';

const lookEveryMs = 400;

export interface AddOrder {
	row: OnboardingRow;
	record: boolean;
	/** Hears each step. */
	onprogress: (row: OnboardingRowView) => void;
}

/** Answers the row when it was added, or why it was not. */
export async function addDevice({ row, record, onprogress }: AddOrder): Promise<OnboardingRowView | Failure> {
	const begun = await api.post<OnboardingView>('/onboarding', { rows: [row], record, dry_run: false, credential_set_ids: [] });
	if (begun.kind !== 'ok') return begun.kind === 'error' ? begun : failure('job_cancelled');
	for (let view = begun.value; ; ) {
		const [one] = view.rows;
		if (one) onprogress(one);
		if (view.state !== 'running') return one?.state === 'added' ? one : failed(one);
		await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
		const next = await api.get<OnboardingView>(`/onboarding/${view.id}`);
		if (next.kind === 'error') return next;
		if (next.kind === 'ok') view = next.value;
	}
}

function failed(row: OnboardingRowView | undefined): Failure {
	const problem = row?.problem;
	if (!problem) return failure('job_cancelled');
	const { step, error, suggestion_code } = problem.details;
	return { ...failure(problem.code, problem.params, problem.status), step: step ?? undefined, detail: error ?? undefined, suggestion: suggestion_code ?? undefined };
}
