/** What is kept and handed out: exports, locks and bookmarks, read when the panel shows them and while an export runs. */
import { api, apiUrl, type BookmarkView, type EvidenceLockView, type ExportView, type Failure } from '$lib/api';
import { download } from '$lib/api/download';
import { toasts } from '$lib/design/primitives';
import { t } from '$lib/i18n';
import { isOver } from './words';

const pollMs = 1000;
/** The panel shows the newest ones; the API has them all. */
const most = 100;

interface List<T> {
	items: T[];
	next_cursor?: string | null;
}

class Shelf {
	exports = $state.raw<ExportView[]>([]);
	/** The first page was read. */
	exportsLoaded = $state(false);
	#older = $state<string>();
	locks = $state.raw<EvidenceLockView[]>([]);
	bookmarks = $state.raw<BookmarkView[]>([]);
	/** Why the lists are not what the site has. */
	problem = $state.raw<Failure>();
	/** Rises when a lock or a bookmark changed: the timeline shows them too. */
	edits = $state(0);
	readonly running = $derived(this.exports.filter((one) => !isOver(one.state)).length);
	#timer: ReturnType<typeof setTimeout> | undefined;

	async load({ canExport }: { canExport: boolean }): Promise<void> {
		const query = { limit: most };
		const [locks, bookmarks] = await Promise.all([api.get<List<EvidenceLockView>>('/evidence-locks', { query }), api.get<List<BookmarkView>>('/bookmarks', { query })]);
		if (locks.kind === 'ok') this.locks = locks.value.items;
		if (bookmarks.kind === 'ok') this.bookmarks = bookmarks.value.items;
		const failed = [locks, bookmarks].find((answer) => answer.kind === 'error');
		this.problem = failed?.kind === 'error' ? failed : undefined;
		if (canExport) await this.loadExports();
	}

	async findBookmarks(search: string): Promise<void> {
		const answer = await api.get<List<BookmarkView>>('/bookmarks', { query: { limit: most, search: search.trim() || undefined } });
		if (answer.kind === 'ok') this.bookmarks = answer.value.items;
		else if (answer.kind === 'error') this.problem = answer;
	}

	/** Follows exports until none runs any more. */
	follow(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.loadExports(), pollMs);
	}

	rest(): void {
		clearTimeout(this.#timer);
	}

	added(one: ExportView): void {
		this.exports = [one, ...this.exports.filter((other) => other.id !== one.id)];
		this.follow();
	}

	async cancel(one: ExportView): Promise<void> {
		const answer = await api.post<ExportView>(`/exports/${one.id}/cancel`);
		if (answer.kind === 'ok') {
			this.#replace(answer.value);
			if (answer.value.state === 'cancelled') toasts.show({ kind: 'info', text: t('evidence.export.cancelled', { name: one.name }) });
		} else if (answer.kind === 'error') toasts.failure(answer);
	}

	async remove(one: ExportView): Promise<void> {
		const answer = await api.delete(`/exports/${one.id}`);
		if (answer.kind === 'error') return toasts.failure(answer);
		this.exports = this.exports.filter((other) => other.id !== one.id);
		toasts.show({ kind: 'info', text: t('evidence.export.removed', { name: one.name }) });
	}

	async save(one: ExportView): Promise<void> {
		const problem = await download(apiUrl(`/exports/${one.id}/export.zip`), one.file_name);
		if (problem) toasts.failure(problem);
	}

	/** Answers whether it is unlocked now. */
	async unlock(lock: EvidenceLockView): Promise<boolean> {
		const answer = await api.delete(`/evidence-locks/${lock.id}`);
		if (answer.kind === 'error') toasts.failure(answer);
		if (answer.kind !== 'ok') return false;
		this.locks = this.locks.filter((other) => other.id !== lock.id);
		this.edits += 1;
		toasts.show({ kind: 'info', text: t('evidence.unlocked') });
		return true;
	}

	/** Answers whether it is gone; `onundone` hears when it is kept after all. */
	async removeBookmark(bookmark: BookmarkView, onundone?: () => void): Promise<boolean> {
		const answer = await api.delete(`/bookmarks/${bookmark.id}`);
		if (answer.kind === 'error') toasts.failure(answer);
		if (answer.kind !== 'ok') return false;
		this.bookmarks = this.bookmarks.filter((other) => other.id !== bookmark.id);
		this.edits += 1;
		const { path, from, to, text, tags } = bookmark;
		toasts.show({ kind: 'info', text: t('evidence.bookmark.removed'), action: { label: t('ui.undo'), act: () => void this.bookmark({ path, from, to, text, tags }).then(() => onundone?.()) } });
		return true;
	}

	/** Answers what was wrong. */
	async bookmark(wish: { path: string; from: number; to?: number; text: string; tags: string[] }): Promise<Failure | undefined> {
		const answer = await api.post<BookmarkView>('/bookmarks', wish);
		if (answer.kind === 'error') return answer;
		if (answer.kind === 'ok') this.bookmarks = [answer.value, ...this.bookmarks];
		this.edits += 1;
		return undefined;
	}

	/** Answers what was wrong. */
	async lock(wish: { paths: string[]; from: number; to: number; reason: string; until?: number }): Promise<Failure | undefined> {
		const answer = await api.post<EvidenceLockView>('/evidence-locks', wish);
		if (answer.kind === 'error') return answer;
		if (answer.kind === 'ok') this.locks = [answer.value, ...this.locks];
		this.edits += 1;
		return undefined;
	}

	get hasMoreExports(): boolean {
		return this.#older !== undefined;
	}

	/** The newest ones; older ones that were read before stay behind them. */
	async loadExports(): Promise<void> {
		const before = new Map(this.exports.map((one) => [one.id, one.state]));
		const answer = await api.get<List<ExportView>>('/exports', { query: { limit: most } });
		if (answer.kind === 'ok') {
			const { items, next_cursor } = answer.value;
			const oldest = items.at(-1)?.id;
			const older = next_cursor && oldest !== undefined ? this.exports.filter(({ id }) => id < oldest) : [];
			if (older.length === 0) this.#older = next_cursor ?? undefined;
			this.exports = [...items, ...older];
			this.exportsLoaded = true;
			this.problem = undefined;
			for (const one of items) if (one.state === 'done' && isUnder(before.get(one.id))) toasts.show({ kind: 'success', text: t('evidence.export.ready', { name: one.name }) });
		} else if (answer.kind === 'error') this.problem = answer;
		if (this.running > 0) this.follow();
	}

	async moreExports(): Promise<void> {
		const answer = await api.get<List<ExportView>>('/exports', { query: { limit: most, cursor: this.#older } });
		if (answer.kind === 'error') return toasts.failure(answer);
		if (answer.kind !== 'ok') return;
		this.exports = [...this.exports, ...answer.value.items];
		this.#older = answer.value.next_cursor ?? undefined;
	}

	#replace(one: ExportView): void {
		this.exports = this.exports.map((other) => (other.id === one.id ? one : other));
	}
}

function isUnder(state: string | undefined): boolean {
	return state !== undefined && !isOver(state);
}

export const shelf = new Shelf();
