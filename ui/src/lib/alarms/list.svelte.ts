/** The room's list of alarms: read page by page, and kept in step with the site without moving under somebody's hand. */
import { api, type AlarmView, type Failure } from '$lib/api';
import type { Heard } from './alarms.svelte';
import { everyOpen, queryOf, type AlarmFilter } from './filter';
import { heard, settled, type LiveList } from './order';

const limit = 100;
const mostRefreshed = 500;
const mostShown = 2000;

export class AlarmList {
	/** Undefined until the first page is there. */
	shown = $state.raw<readonly AlarmView[]>();
	held = $state.raw<readonly AlarmView[]>([]);
	problem = $state.raw<Failure>();
	busy = $state(false);
	/** Number of the row that keys act on. */
	current = $state<number>();
	filter = $state.raw<AlarmFilter>(everyOpen);
	#next = $state<string>();
	#abort: AbortController | undefined;

	get hasMore(): boolean {
		return this.#next !== undefined;
	}

	async load(filter: AlarmFilter = this.filter): Promise<void> {
		if (filter !== this.filter) {
			this.filter = filter;
			this.shown = undefined;
		}
		await this.#read(undefined);
	}

	async more(): Promise<void> {
		if (this.#next) await this.#read(this.#next);
	}

	rest(): void {
		this.#abort?.abort();
	}

	/** `canMove`: nobody has the list in hand. */
	hear({ alarms, isSnapshot }: Heard, canMove: boolean): void {
		if (!this.shown) return;
		this.#show(heard(this.#list, alarms, this.filter));
		if (canMove) this.settle();
		// What changed while the socket was down is in no message.
		if (isSnapshot) void this.#refresh(canMove);
	}

	/** Puts what waited on top, and takes out what does not belong any more. */
	settle(): void {
		this.#show(settled(this.#list, this.filter));
		// Days of alarms in one window: it begins anew with the first page.
		if (this.#list.shown.length > mostShown && !this.busy) void this.#read(undefined);
	}

	/** The row so many below the current one becomes it. */
	move(by: number): AlarmView | undefined {
		const rows = this.shown ?? [];
		const index = rows.findIndex(({ id }) => id === this.current);
		const next = rows[index < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, index + by))];
		if (next) this.current = next.id;
		return next;
	}

	get currentRow(): AlarmView | undefined {
		return this.shown?.find(({ id }) => id === this.current);
	}

	get #list(): LiveList {
		return { shown: this.shown ?? [], held: this.held };
	}

	#show({ shown, held }: LiveList): void {
		this.shown = shown;
		this.held = held;
	}

	/** In every state: what was resolved meanwhile must not stand as new. */
	async #refresh(canMove: boolean): Promise<void> {
		const answer = await api.get<{ items: AlarmView[] }>('/alarms', { query: { ...queryOf(this.filter), state: undefined, limit: mostRefreshed } });
		if (answer.kind !== 'ok' || !this.shown) return;
		this.#show(heard(this.#list, answer.value.items, this.filter));
		if (canMove) this.settle();
	}

	async #read(cursor: string | undefined): Promise<void> {
		this.#abort?.abort();
		const abort = (this.#abort = new AbortController());
		this.busy = true;
		const answer = await api.get<{ items: AlarmView[]; next_cursor?: string | null }>('/alarms', { query: { ...queryOf(this.filter), limit, cursor }, signal: abort.signal });
		if (answer.kind === 'aborted') return;
		this.busy = false;
		this.problem = answer.kind === 'error' ? answer : undefined;
		if (answer.kind !== 'ok') return;
		const { items, next_cursor } = answer.value;
		const known = this.shown ?? [];
		this.#show(cursor ? { shown: [...known, ...items.filter(({ id }) => !known.some((one) => one.id === id))], held: this.held } : { shown: items, held: [] });
		this.#next = next_cursor ?? undefined;
	}
}
