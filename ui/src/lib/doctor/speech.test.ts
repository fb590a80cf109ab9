import { expect, test } from 'vitest';
import type { DoctorLineView, DoctorView } from '$lib/api';
import { locale } from '$lib/i18n';
import { adviceOf, countText, groupName, mendName, nameWithin, placedName, plainText, sentenceOf } from './speech';

const line = (check: string, more: Partial<DoctorLineView> = {}): DoctorLineView => ({ check, area: 'reach', verdict: 'ok', outcome: '', text: '', params: {}, at: 0, looking: false, ...more }) as DoctorLineView;

test('numbers are written as people write them', () => {
	const check = (text: string, params: Record<string, string>, expected: string) => expect(sentenceOf({ text, params })).toBe(expected);
	check('doctor.gop.long', { seconds: '10.0', frames: '250' }, 'A key frame only every 10 s (250 frames): tiles open late and seeking is coarse.');
	check('doctor.clock.off', { offset_s: '-12.5', zone: '?' }, '−12.5 s off: the time in the picture misleads. Time zone –.');
	check('doctor.clock.wrong', { offset_s: '-7200.0', zone: 'UTC+08:00' }, '−2 hr off: logins may fail, and the time in the picture is of no use. Time zone UTC+08:00.');
	check('doctor.reachable.open', { host: '10.0.0.5', port: '8000', ms: '1234' }, '10.0.0.5 answers on port 8000 within 1,234 ms.');
	check('doctor.key_frame.quick', { ms: '0' }, 'First picture after <1 ms.');
	check('doctor.codec.other_codec', { codec: 'H.265', claimed_codec: 'H.264', width: '3840', height: '2160', fps: '25.0', kbps: '4096' }, 'Claims H.264 but sends H.265: 3840×2160, 25 frames/s, 4,096 kbit/s.');
});

test('a line has its name where its part is not said', () => {
	const decode = line('decode', { area: 'machine', stream: 'sub' });
	expect([placedName(decode), nameWithin(decode)]).toEqual(['Sub stream · Decoding', 'Sub stream']);
	const gop = line('gop', { area: 'stream', stream: 'main' });
	expect([placedName(gop), nameWithin(gop)]).toEqual(['Main stream · Key frames', 'Key frames']);
	expect(placedName(line('something_new'))).toBe('something_new');
	const second = line('gop', { area: 'stream', channel: 2, stream: 'main' });
	expect([placedName(second), nameWithin(second)]).toEqual(['Channel 2 · Main stream · Key frames', 'Main stream · Key frames']);
	expect([groupName('2'), groupName('main')]).toEqual(['Channel 2', 'Main stream']);
});

test('what a person is told to do, unless a button does it', () => {
	const problem = { type: '', title: '', status: 401, code: 'credentials_wrong', params: {}, details: {}, request_id: '' } as DoctorLineView['problem'];
	expect(adviceOf(line('login', { problem, suggestion: 'make_onvif_user' }))).toEqual({
		sentence: 'The camera refuses this user name or password.',
		next: 'This brand keeps ONVIF users apart from web users: create one in the camera\'s web page.'
	});
	const mend = { kind: 'sync_clock', params: {} };
	expect(adviceOf(line('clock', { suggestion: 'set_clock', mend }))).toBeUndefined();
	expect(adviceOf(line('clock', { suggestion: 'set_clock' }))?.next).not.toBe('');
});

test('counts and buttons, one and many', () => {
	expect([1, 2].map((count) => countText({ verdict: 'bad', count }))).toEqual(['1 problem', '2 problems']);
	expect(mendName({ kind: 'set_gop', params: { seconds: '2.0', frames: '50' } })).toBe('Key frame every 2 s');
	locale.language = 'zh-CN';
	expect([1, 2].map((count) => countText({ verdict: 'bad', count }))).toEqual(['1 项异常', '2 项异常']);
	locale.language = 'en';
});

test('as text, part by part, the worst first', () => {
	const lines = [
		line('reachable', { text: 'doctor.reachable.open', params: { host: 'h', port: '80', ms: '3' } }),
		line('login', { verdict: 'bad', text: 'doctor.login.refused', params: { username: 'admin' }, suggestion: 'check_password' }),
		line('gop', { area: 'stream', stream: 'main', verdict: 'skipped', text: 'doctor.skipped.login_refused' }),
		line('codec', { area: 'stream', stream: 'main', verdict: 'skipped', text: 'doctor.skipped.login_refused' })
	];
	const view = { name: 'Gate', address: 'h:80', started_at: 0, ended_at: 0, state: 'done', lines } as unknown as DoctorView;
	const text = plainText(view).split('\n').slice(1);
	expect(text[0]).toMatch(/^Examined /);
	expect(text.slice(1)).toEqual([
		'1 problem · 1 fine · 2 not looked at',
		'',
		'Reach and login',
		'[Problem] Login: admin is not let in.',
		'    Check user name and password. Nothing is tried again until they change.',
		'[Fine] Network: h answers on port 80 within 3 ms.',
		'',
		'Main stream',
		'Key frames, Codec and size: The login was refused.'
	]);
});
