/** Cases: what is done to them. Each change names the version it was made on, so that nobody overwrites another's. */
import { api, type CaseClipView, type CaseView, type Failure } from '$lib/api';
import { failure } from '$lib/api/result';
import { Paged } from '../paged.svelte';

/** As many as the site keeps in one case. */
export const mostClips = 200;

export interface CaseWords {
	name: string;
	notes: string;
	clips: CaseClipView[];
}

export class Cases {
	readonly list = new Paged<CaseView>('/cases');

	async create(words: CaseWords): Promise<CaseView | Failure> {
		return this.#keep(await api.post<CaseView>('/cases', words));
	}

	async save(one: CaseView, change: Partial<CaseWords>): Promise<CaseView | Failure> {
		const words = { name: one.name, notes: one.notes, clips: one.clips, ...change };
		return this.#keep(await api.put<CaseView>(`/cases/${one.id}`, words, { ifMatch: one.version }));
	}

	async remove(one: CaseView): Promise<Failure | undefined> {
		const answer = await api.delete(`/cases/${one.id}`);
		if (answer.kind === 'error') return answer;
		this.list.drop(({ id }) => id === one.id);
		return undefined;
	}

	/** One that stands on no page read so far. */
	async read(id: number): Promise<CaseView | Failure> {
		return this.#keep(await api.get<CaseView>(`/cases/${id}`), { isListed: false });
	}

	#keep(answer: Awaited<ReturnType<typeof api.get<CaseView>>>, { isListed = true } = {}): CaseView | Failure {
		if (answer.kind === 'error') return answer;
		if (answer.kind === 'aborted') return failure('site_unreachable');
		const isKnown = this.list.items?.some(({ id }) => id === answer.value.id) ?? false;
		if (isListed || isKnown) this.list.put(answer.value, ({ id }) => id === answer.value.id);
		return answer.value;
	}
}

export function isFailure(outcome: CaseView | Failure): outcome is Failure {
	return 'kind' in outcome;
}

/** In the order of time; clips that begin together by camera. */
export function ordered(clips: readonly CaseClipView[]): CaseClipView[] {
	return [...clips].sort((a, b) => a.from - b.from || a.path.localeCompare(b.path));
}
