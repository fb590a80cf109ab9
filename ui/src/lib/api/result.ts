/** Every request ends in one of these; nothing throws. */
export type Result<T> = { kind: 'ok'; value: T; etag?: string } | { kind: 'aborted' } | Failure;

export interface Failure {
	kind: 'error';
	/** Catalogue code; `site_unreachable` when no answer came. */
	code: string;
	params: Record<string, string>;
	status: number;
	/** What was being done when it failed. */
	step?: string;
	/** One English line of technical detail. */
	detail?: string;
	/** `suggestion.{code}` of the catalogue, where it says more than the code's own next step. */
	suggestion?: string;
	requestId?: string;
}

export function failure(code: string, params: Record<string, string> = {}, status = 0): Failure {
	return { kind: 'error', code, params, status };
}

/** Reads an RFC 9457 body; anything else becomes `internal`. */
export function toFailure(status: number, body: unknown): Failure {
	if (typeof body !== 'object' || body === null) return failure('internal', {}, status);
	const problem = body as {
		code?: unknown;
		params?: Record<string, string>;
		details?: { step?: string; error?: string; suggestion_code?: string };
		request_id?: string;
	};
	return {
		kind: 'error',
		code: typeof problem.code === 'string' ? problem.code : 'internal',
		params: problem.params ?? {},
		status,
		step: problem.details?.step,
		detail: problem.details?.error,
		suggestion: problem.details?.suggestion_code,
		requestId: problem.request_id
	};
}
