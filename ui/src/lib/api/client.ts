/**
 * The one way to the site's HTTP API. Returns ok, aborted or error; never throws, never waits for ever.
 * A 401 on any request tells the session, which shows the login.
 */
import { failure, toFailure, type Result } from './result';
import type { ApiPath } from './types';

const base = '/api/v1';
const timeoutMs = 15_000;

export interface RequestOptions {
	query?: Record<string, string | number | boolean | undefined>;
	body?: unknown;
	/** `version` of what was read; a change by someone else answers `version_conflict`. */
	ifMatch?: number;
	signal?: AbortSignal;
	/** Probes of slow cameras may take longer than the usual 15 s. */
	timeoutMs?: number;
	/** Of a small change that is made in passing: it arrives though the page is closed right after. */
	outlivesPage?: boolean;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

let onLoginRequired: () => void = () => {};

export function whenLoginRequired(act: () => void): void {
	onLoginRequired = act;
}

export function apiUrl(path: ApiPath, query: RequestOptions['query'] = {}): string {
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
	const text = search.toString();
	return `${base}${path}${text ? `?${text}` : ''}`;
}

/** The same for a WebSocket endpoint. */
export function socketUrl(path: ApiPath, query: RequestOptions['query'] = {}): string {
	const url = new URL(apiUrl(path, query), location.href);
	url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
	return url.href;
}

async function request<T>(method: Method, path: ApiPath, options: RequestOptions = {}): Promise<Result<T>> {
	const headers: Record<string, string> = { accept: 'application/json' };
	if (options.body !== undefined) headers['content-type'] = 'application/json';
	if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`;
	const deadline = AbortSignal.timeout(options.timeoutMs ?? timeoutMs);
	const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
	try {
		const answer = await fetch(apiUrl(path, options.query), {
			method,
			headers,
			body: options.body === undefined ? undefined : JSON.stringify(options.body),
			signal,
			credentials: 'same-origin',
			keepalive: options.outlivesPage ?? false
		});
		const text = await answer.text();
		const body: unknown = text ? parse(text) : undefined;
		if (answer.ok) return { kind: 'ok', value: body as T, etag: answer.headers.get('etag') ?? undefined };
		const problem = toFailure(answer.status, body);
		if (problem.code === 'login_required') onLoginRequired();
		return problem;
	} catch {
		if (options.signal?.aborted) return { kind: 'aborted' };
		return failure(deadline.aborted ? 'site_silent' : 'site_unreachable');
	}
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

export const api = {
	get: <T>(path: ApiPath, options?: RequestOptions) => request<T>('GET', path, options),
	post: <T>(path: ApiPath, body?: unknown, options?: RequestOptions) => request<T>('POST', path, { ...options, body }),
	put: <T>(path: ApiPath, body: unknown, options?: RequestOptions) => request<T>('PUT', path, { ...options, body }),
	patch: <T>(path: ApiPath, body: unknown, options?: RequestOptions) => request<T>('PATCH', path, { ...options, body }),
	delete: <T>(path: ApiPath, options?: RequestOptions) => request<T>('DELETE', path, options)
};

/** All pages of a list; stops at 10 000 items, far above what a site holds. */
export async function getAll<T>(path: ApiPath, options: RequestOptions = {}): Promise<Result<T[]>> {
	const items: T[] = [];
	let cursor: string | undefined;
	do {
		const page = await api.get<{ items: T[]; next_cursor?: string } | T[]>(path, {
			...options,
			query: { ...options.query, limit: 500, cursor }
		});
		if (page.kind !== 'ok') return page;
		if (Array.isArray(page.value)) return { kind: 'ok', value: page.value };
		items.push(...page.value.items);
		cursor = page.value.next_cursor;
	} while (cursor && items.length < 10_000);
	return { kind: 'ok', value: items };
}
