/**
 * Small pictures of recorded moments for whoever scrubs: kept once they came, one request at a time. Framework-free.
 *
 * A picture that is on its way is let through; only the newest wish waits behind it. That there is none is kept too,
 * so that a stretch without recordings is asked about once, and a site that does not answer holds nothing up for long.
 */
import { counters } from '$lib/player/counters';

/** Pictures kept; each has some kilobytes. */
const MOST_KEPT = 240;
/** A picture that takes longer is not waited for; the pointer has moved on. */
const PATIENCE_MS = 3000;

/** A picture, nothing there, or no answer. */
export type Fetched = { kind: 'picture'; blob: Blob } | { kind: 'none' } | { kind: 'failed' };

export class ScrubPictures {
	/** Object addresses by what was asked; undefined: there is none. The least used first. */
	readonly #kept = new Map<string, string | undefined>();
	#wanted: string | undefined;
	#abort: AbortController | undefined;

	constructor(
		/** The picture to show now; undefined: none. */
		private readonly onpicture: (address: string | undefined) => void,
		private readonly ask: (url: string, signal: AbortSignal) => Promise<Fetched> = fetchPicture
	) {}

	/** Undefined: nothing is recorded there. */
	want(url: string | undefined): void {
		if (url === this.#wanted) return;
		this.#wanted = url;
		if (url === undefined) return this.onpicture(undefined);
		if (this.#kept.has(url)) return this.onpicture(this.#use(url));
		void this.#load();
	}

	close(): void {
		this.#wanted = undefined;
		this.#abort?.abort();
		for (const address of this.#kept.values()) forget(address);
		this.#kept.clear();
	}

	/** What is kept, as the newest used. */
	#use(url: string): string | undefined {
		const address = this.#kept.get(url);
		this.#kept.delete(url);
		this.#kept.set(url, address);
		return address;
	}

	async #load(): Promise<void> {
		if (this.#abort) return;
		const url = this.#wanted;
		if (url === undefined || this.#kept.has(url)) return;
		const abort = new AbortController();
		this.#abort = abort;
		const timer = setTimeout(() => abort.abort(), PATIENCE_MS);
		const found = await this.ask(url, abort.signal).catch((): Fetched => ({ kind: 'failed' }));
		clearTimeout(timer);
		this.#abort = undefined;
		// Closed meanwhile.
		if (this.#wanted === undefined && abort.signal.aborted) return;
		if (found.kind !== 'failed') this.#keep(url, found.kind === 'picture' ? found.blob : undefined);
		if (this.#wanted === url) this.onpicture(this.#kept.get(url));
		else await this.#load();
	}

	#keep(url: string, blob: Blob | undefined): void {
		if (blob) counters.objectUrls += 1;
		this.#kept.set(url, blob && URL.createObjectURL(blob));
		const [oldest] = this.#kept;
		if (this.#kept.size <= MOST_KEPT || !oldest) return;
		this.#kept.delete(oldest[0]);
		forget(oldest[1]);
	}
}

function forget(address: string | undefined): void {
	if (address === undefined) return;
	counters.objectUrls -= 1;
	URL.revokeObjectURL(address);
}

async function fetchPicture(url: string, signal: AbortSignal): Promise<Fetched> {
	const answer = await fetch(url, { signal, credentials: 'same-origin' });
	if (answer.ok) return { kind: 'picture', blob: await answer.blob() };
	return { kind: answer.status === 404 ? 'none' : 'failed' };
}
