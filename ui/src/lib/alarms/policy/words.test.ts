import { expect, test } from 'vitest';
import type { AlarmPolicyView, LevelPolicyView, PushPolicyView } from '$lib/api';
import { locale } from '$lib/i18n';
import { policyText } from './spoken';
import { faults, filled } from './words';

function levelOf(push: Partial<PushPolicyView>, change: Partial<LevelPolicyView> = {}): LevelPolicyView {
	return { level: 3, push: { mode: 'COUNT_OR_WINDOW', count: 5, window_s: 600, cooldown_s: 60, route: null, ...push }, deadline_s: 0, auto_close_s: 0, sound: false, ...change };
}

test('a policy is one sentence', () => {
	const check = (level: LevelPolicyView, english: string, chinese: string) => {
		locale.language = 'en';
		expect(policyText(level)).toBe(english);
		locale.language = 'zh-CN';
		expect(policyText(level)).toBe(chinese);
	};
	check(levelOf({}), 'Told after 5 alarms or 10 min, at most once in 1 min.', '累计 5 条或满 10分钟后推送，每 1分钟最多一次。');
	check(levelOf({ mode: 'OFF' }, { sound: true }), 'Told to nobody. Sounds.', '不推送。发出声音。');
	check(levelOf({ mode: 'IMMEDIATE', cooldown_s: 0, route: 'night' }, { deadline_s: 180 }), 'Told at once, by the route night. To be acknowledged within 3 min.', '立即推送，经路由 night。须在 3分钟内确认。');
	check(levelOf({ mode: 'WINDOW', cooldown_s: 0, route: 'default' }, { auto_close_s: 7200 }), 'Told every 10 min if there was any. Closes by itself after 2 hr.', '每 10分钟汇总推送一次。2小时后自动关闭。');
	check(levelOf({ mode: 'COUNT', cooldown_s: 0 }), 'Told after 5 alarms.', '累计 5 条后推送。');
});

test('what the site would refuse is said by field', () => {
	const policy = (level: LevelPolicyView, change: Partial<AlarmPolicyView> = {}): AlarmPolicyView => ({ levels: [level], repeat_s: 60, clip_before_s: 10, clip_after_s: 20, protect_gb: 0, version: 1, ...change });
	const check = (given: AlarmPolicyView, expected: string[]) => expect(faults(given).map(({ field }) => field)).toEqual(expected);
	check(policy(levelOf({})), []);
	check(policy(levelOf({ count: 0 })), ['levels.0.count']);
	check(policy(levelOf({ mode: 'IMMEDIATE', count: 0, window_s: 0 })), []);
	check(policy(levelOf({ mode: 'OFF', cooldown_s: -1 })), []);
	const empty = policy(levelOf({ mode: 'IMMEDIATE', count: null as unknown as number }));
	check(empty, []);
	expect(filled(empty).levels[0]?.push.count, 'a number goes to the site').toBe(0);
	check(policy(levelOf({ window_s: 86_401, cooldown_s: 1.5 })), ['levels.0.window_s', 'levels.0.cooldown_s']);
	check(policy(levelOf({ count: null as unknown as number })), ['levels.0.count']);
	check(policy(levelOf({}), { repeat_s: 0, clip_before_s: 301, clip_after_s: -1, protect_gb: 0.5 }), ['repeat_s', 'clip_before_s', 'clip_after_s', 'protect_gb']);
});
