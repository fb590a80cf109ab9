import { expect, test } from 'vitest';
import type { AlarmPolicyView } from '$lib/api';
import { apart, channelFaults, channelKinds, fields } from './kinds';
import { isRouteKey, pack, unpack } from './transfer';

test('what is wrong with a channel is said by field', () => {
	const check = (kind: Parameters<typeof channelFaults>[0], values: Record<string, string>, kept: string[], expected: Record<string, string>) => expect(channelFaults(kind, values, kept)).toEqual(expected);
	check('webhook', { url: 'https://a.test/x' }, [], {});
	check('webhook', { url: 'a.test' }, [], { url: 'url' });
	check('webhook', {}, [], { url: 'missing' });
	check('feishu', {}, [], { url: 'missing' });
	check('feishu', {}, ['url'], {});
	check('feishu', { url: 'ftp://x' }, ['url'], { url: 'url' });
	check('smtp', { host: 'm', port: '0', from: 'a@b', to: 'a@b, c@d' }, [], { port: 'port' });
	check('smtp', { host: 'm', port: '25', from: 'Site <a@b>', to: 'a@b,,' }, [], { to: 'mail' });
	check('mqtt', { host: 'm', port: '1883' }, [], { topic: 'missing' });
	check('desktop', {}, [], {});
});

test('secrets go apart, and only those that were typed', () => {
	expect(apart('smtp', { host: ' m ', port: '25', user: '', password: 'p', url: 'x' })).toEqual({ settings: { host: 'm', port: '25' }, secrets: { password: 'p' } });
	expect(apart('wecom', { url: '' })).toEqual({ settings: {}, secrets: {} });
});

test('every kind has its fields once', () => {
	for (const kind of channelKinds) expect(new Set(fields[kind].map(({ name }) => name)).size).toBe(fields[kind].length);
});

const push = { mode: 'IMMEDIATE' as const, count: 0, window_s: 0, cooldown_s: 60, route: null };
const policy: AlarmPolicyView = { levels: [1, 2, 3, 4].map((level) => ({ level, push, deadline_s: 0, auto_close_s: 0, sound: true })), repeat_s: 60, clip_before_s: 10, clip_after_s: 20, protect_gb: 5, version: 7 };
const routes = { routes: [{ key: 'default', channel_ids: [1, 2] }, { key: 'night', channel_ids: [2] }], version: 3 };

test('what was packed here is unpacked at another site by the names of its channels', () => {
	const file = pack(policy, routes, [{ id: 1, name: 'Guard' }, { id: 2, name: 'Mail' }]);
	expect(file.push_routes).toEqual({ default: ['Guard', 'Mail'], night: ['Mail'] });
	expect(unpack(JSON.stringify(file), { policy: 40, routes: 50 }, [{ id: 9, name: 'Mail' }])).toEqual({
		policy: { ...policy, version: 40 },
		routes: { routes: [{ key: 'default', channel_ids: [9] }, { key: 'night', channel_ids: [9] }], version: 50 },
		missing: ['Guard']
	});
});

test('a file that cannot be used says why', () => {
	const file = pack(policy, routes, []);
	const check = (content: unknown, expected: string) => expect(unpack(typeof content === 'string' ? content : JSON.stringify(content), { policy: 1, routes: 1 }, [])).toBe(expected);
	check('{', 'not_json');
	check([], 'not_ours');
	check({ ...file, version: 2 }, 'not_ours');
	check({ ...file, level_policy: { ...file.level_policy, levels: [] } }, 'policy');
	check({ ...file, level_policy: { ...file.level_policy, repeat_s: 0 } }, 'policy');
	check({ ...file, level_policy: undefined }, 'policy');
	check({ ...file, push_routes: { night: [] } }, 'routes');
	check({ ...file, push_routes: { default: [], 'a b': [] } }, 'routes');
	check({ ...file, push_routes: { default: [1] } }, 'routes');
	expect(['default', 'a.b-c_1', '', 'a b', '夜', 'x'.repeat(65)].map(isRouteKey)).toEqual([true, true, false, false, false, false]);
});
