/** A list of the site that is read page by page. */
import { api, type ApiPath, type Failure } from '$lib/api';

const limit = 50;
type Query = Record<string, string | number | boolean | undefined>;

export class Paged<T> {
	/** Undefined until the first page is there. */
	items = $state.raw<T[]>();
	problem = $state.raw<Failure>();
	busy = $state(false);
	#next = $state<string>();
	#query: Query = {};
	#abort: AbortController | undefined;

	constructor(private readonly path: ApiPath) {}

	get hasMore(): boolean {
		return this.#next !== undefined;
	}

	/** From the beginning. What was asked for before is given up. */
	async load(query: Query = this.#query): Promise<void> {
		this.#query = query;
		await this.#read(undefined);
	}

	async more(): Promise<void> {
		if (this.#next) await this.#read(this.#next);
	}

	/** What was added or changed stands without reading everything again. */
	put(one: T, isSame: (other: T) => boolean): void {
		const items = this.items ?? [];
		this.items = items.some(isSame) ? items.map((other) => (isSame(other) ? one : other)) : [one, ...items];
	}

	drop(isSame: (other: T) => boolean): void {
		this.items = this.items?.filter((other) => !isSame(other));
	}

	rest(): void {
		this.#abort?.abort();
	}

	async #read(cursor: string | undefined): Promise<void> {
		this.#abort?.abort();
		const abort = (this.#abort = new AbortController());
		this.busy = true;
		const answer = await api.get<{ items: T[]; next_cursor?: string | null }>(this.path, { query: { ...this.#query, limit, cursor }, signal: abort.signal });
		if (answer.kind === 'aborted') return;
		this.busy = false;
		this.problem = answer.kind === 'error' ? answer : undefined;
		if (answer.kind !== 'ok') return;
		this.items = cursor ? [...(this.items ?? []), ...answer.value.items] : answer.value.items;
		this.#next = answer.value.next_cursor ?? undefined;
	}
}
