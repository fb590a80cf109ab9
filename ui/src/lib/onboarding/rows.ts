/** Rows of devices that are being added: merged, counted, and what can be done about one that failed. Pure. */
import type { ChannelStreamView, OnboardingRowView, ProblemDetails } from '$lib/api';

/** By row; a row that came again replaces the one that is held. */
export function mergedRows(held: readonly OnboardingRowView[], news: readonly OnboardingRowView[]): OnboardingRowView[] {
	const byRow = new Map(held.map((row) => [row.row, row]));
	for (const row of news) byRow.set(row.row, row);
	return [...byRow.values()].sort((a, b) => a.row - b.row);
}

export type RowFilter = 'all' | 'failed' | 'good' | 'open';

export function filtered(rows: readonly OnboardingRowView[], filter: RowFilter): OnboardingRowView[] {
	if (filter === 'failed') return rows.filter(({ state }) => state === 'failed' || state === 'cancelled');
	if (filter === 'good') return rows.filter(({ state }) => state === 'added' || state === 'ready');
	if (filter === 'open') return rows.filter(({ state }) => state === 'waiting' || state === 'running');
	return [...rows];
}

/** How a failed row can be mended. */
export type Mend = 'login' | 'address' | 'move' | 'open' | 'retry';

const loginCodes = new Set(['credentials_wrong', 'credentials_missing', 'credentials_exhausted', 'account_locked', 'login_unsafe']);
const placeCodes = new Set(['port_refused', 'not_onvif', 'connect_timeout', 'answer_timeout', 'answer_invalid', 'host_unknown', 'host_unreachable', 'address_link_local', 'url_invalid', 'url_host_missing', 'stream_path_unknown', 'not_rtsp', 'no_video']);

/** The likeliest first. */
export function mendsOf(problem: Pick<ProblemDetails, 'code' | 'details'> | undefined | null): Mend[] {
	if (!problem) return ['retry'];
	if (problem.code === 'device_moved') return ['move'];
	if (problem.code === 'device_exists' || problem.code === 'camera_exists') return ['open'];
	if (problem.code === 'row_invalid' || problem.code === 'row_duplicate') return [];
	if (loginCodes.has(problem.code) || problem.details.step === 'AUTHENTICATE') return ['login', 'address'];
	if (placeCodes.has(problem.code)) return ['address', 'login', 'retry'];
	return ['retry', 'address', 'login'];
}

/** Of a row that runs: the step it is at; undefined while none has begun. */
export function stepOf(row: Pick<OnboardingRowView, 'step'>): string | undefined {
	return row.step ?? undefined;
}

export function failedStepOf(row: Pick<OnboardingRowView, 'steps' | 'problem'>): string | undefined {
	return row.problem?.details.step ?? row.steps.find(({ ok }) => !ok)?.step;
}

/** Streams that were not received, of a row that was added all the same. */
export function lostStreams(row: Pick<OnboardingRowView, 'channels'>): ChannelStreamView[] {
	return row.channels.flatMap(({ streams }) => streams.filter(({ failure }) => failure));
}

export function pictureOf(row: Pick<OnboardingRowView, 'channels'>): string | undefined {
	return row.channels.flatMap(({ streams }) => streams).find(({ picture }) => picture)?.picture ?? undefined;
}

/** Bytes of a file in base64, without a detour over text that would guess its character set. */
export function base64Of(bytes: Uint8Array): string {
	let binary = '';
	for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
	return btoa(binary);
}
