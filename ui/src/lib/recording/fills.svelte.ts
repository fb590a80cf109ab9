/** What is fetched from the cameras' own storage: read while a page shows it, quickly while something is under way. */
import { api, type Failure, type GapFillView } from '$lib/api';
import { toasts } from '$lib/design/primitives';
import { t } from '$lib/i18n';
import { isUnderWay } from './fill_words';

const restMs = 15_000;
const pollMs = 2_000;
/** The page shows the newest ones; the API has them all. */
const most = 20;

export class Fills {
	list = $state.raw<GapFillView[]>([]);
	problem = $state.raw<Failure>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** Until the function it gives is called. */
	follow(): () => void {
		void this.#load();
		return () => clearTimeout(this.#timer);
	}

	async cancel(one: GapFillView): Promise<void> {
		const answer = await api.post<GapFillView>(`/gap-fills/${one.id}/cancel`);
		if (answer.kind === 'error') return toasts.failure(answer);
		if (answer.kind === 'ok') this.list = this.list.map((other) => (other.id === one.id ? answer.value : other));
	}

	async #load(): Promise<void> {
		const answer = await api.get<{ items: GapFillView[] }>('/gap-fills', { query: { limit: most } });
		if (answer.kind === 'ok') this.list = answer.value.items;
		this.problem = answer.kind === 'error' ? answer : undefined;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#load(), this.list.some(isUnderWay) ? pollMs : restMs);
	}
}

/** Asks for what is missing of a stretch, and says what came of it. */
export async function fetchFromCamera(path: string, from: number, to: number): Promise<void> {
	const answer = await api.post<GapFillView>('/gap-fills', { path, from, to });
	if (answer.kind === 'error') toasts.failure(answer);
	else if (answer.kind === 'ok') toasts.show({ kind: 'success', text: t('fills.asked') });
}
