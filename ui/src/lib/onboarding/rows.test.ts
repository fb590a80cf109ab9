import { expect, test } from 'vitest';
import type { OnboardingRowView } from '$lib/api';
import { base64Of, failedStepOf, filtered, mendsOf, mergedRows, stepOf } from './rows';

const row = (number: number, state: string, more: Partial<OnboardingRowView> = {}): OnboardingRowView =>
	({ row: number, address: '', state, attempts: 0, took_ms: 0, steps: [], camera_ids: [], channels: [], ...more }) as OnboardingRowView;
const problem = (code: string, step?: string) => ({ code, details: { step } });

test('rows come in any order and stand by number', () => {
	const rows = mergedRows([row(2, 'waiting'), row(3, 'waiting')], [row(3, 'added'), row(1, 'failed')]);
	expect(rows.map(({ row, state }) => `${row} ${state}`)).toEqual(['1 failed', '2 waiting', '3 added']);
	const check = (filter: Parameters<typeof filtered>[1], expected: number[]) => expect(filtered(rows, filter).map(({ row }) => row)).toEqual(expected);
	check('all', [1, 2, 3]);
	check('failed', [1]);
	check('good', [3]);
	check('open', [2]);
});

test('what can be done about a failure, the likeliest first', () => {
	const check = (code: string, step: string | undefined, expected: string[]) => expect(mendsOf(problem(code, step))).toEqual(expected);
	check('credentials_wrong', 'AUTHENTICATE', ['login', 'address']);
	check('answer_invalid', 'AUTHENTICATE', ['login', 'address']);
	check('port_refused', 'REACH', ['address', 'login', 'retry']);
	check('device_moved', 'REGISTER', ['move']);
	check('device_exists', 'REGISTER', ['open']);
	check('row_invalid', undefined, []);
	check('internal', undefined, ['retry', 'address', 'login']);
});

test('the step a row is at', () => {
	expect(stepOf(row(1, 'running', { step: 'REACH', steps: [] }))).toBe('REACH');
	expect(stepOf(row(1, 'running'))).toBeUndefined();
});

test('the step that failed', () => {
	expect(failedStepOf(row(1, 'failed', { problem: problem('port_refused', 'REACH') as OnboardingRowView['problem'] }))).toBe('REACH');
	expect(failedStepOf(row(1, 'failed', { steps: [{ step: 'REACH', ok: true, took_ms: 1 }, { step: 'SPEAK', ok: false, took_ms: 1 }] }))).toBe('SPEAK');
});

test('bytes stay bytes', () => {
	expect(base64Of(new Uint8Array([0xc3, 0xfb, 0xb3, 0xc6]))).toBe('w/uzxg==');
	const long = new Uint8Array(100_000).fill(65);
	expect(atob(base64Of(long))).toBe('A'.repeat(100_000));
});
