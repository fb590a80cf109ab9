import { expect, test } from 'vitest';
import type { DoctorLineView } from '$lib/api';
import { asksFirst, findingsOf, groupedLines, lineKey, mergedLines, nothingRaised, raised, summaryOf, verdictOf } from './lines';

const areaOf: Record<string, string> = { reachable: 'reach', clock: 'reach', login: 'reach', onvif: 'onvif', gop: 'stream', codec: 'stream', decode: 'machine' };

/** `clock=bad`, `gop.sub=skipped:login_refused`, `gop@3.sub=ok` of channel 3; with a plus it can be mended. */
function line(text: string): DoctorLineView {
	const [, check = '', channel, stream, verdict = '', outcome = ''] = /^(\w+)(?:@(\d+))?(?:\.(\w+))?=(\w+)(?::(\w+))?\+?$/.exec(text) ?? [];
	return { check, channel: channel && Number(channel), stream, verdict, outcome, area: areaOf[check] ?? 'new', text: `doctor.${verdict === 'skipped' ? 'skipped' : check}.${outcome}`, params: {}, at: 0, looking: false, mend: text.endsWith('+') ? { kind: 'sync_clock', params: {} } : undefined } as DoctorLineView;
}
const lines = (...texts: string[]) => texts.map(line);
const named = (list: readonly DoctorLineView[]) => list.map(lineKey);

test('lines come in any order, stand in their own, and replace each other', () => {
	const check = (held: string[], news: string[], expected: string[]) => expect(mergedLines(lines(...held), lines(...news)).map((one) => `${lineKey(one)}=${one.verdict}`)).toEqual(expected);
	check([], ['decode.main=ok', 'gop.sub=ok', 'clock=ok', 'gop.main=ok', 'reachable=ok'], ['reachable=ok', 'clock=ok', 'gop main=ok', 'gop sub=ok', 'decode main=ok']);
	check(['reachable=ok', 'clock=bad'], ['clock=ok'], ['reachable=ok', 'clock=ok']);
	check(['gop.main=warning', 'gop.sub=ok'], ['gop.main=ok'], ['gop main=ok', 'gop sub=ok']);
	check([], ['lens=ok', 'onvif=ok', 'reachable=ok'], ['reachable=ok', 'onvif=ok', 'lens=ok']);
});

test('what has to be looked at, the worst first', () => {
	const check = (texts: string[], expected: string[]) => expect(named(findingsOf(lines(...texts), raised(nothingRaised, lines(...texts))))).toEqual(expected);
	check(['reachable=ok', 'login=note', 'gop.main=skipped:no_login'], []);
	check(['clock=warning', 'login=bad', 'gop.main=warning', 'codec.main=bad'], ['login', 'codec main', 'clock', 'gop main']);
	check(['clock=note+', 'login=ok', 'gop.main=warning'], ['gop main', 'clock']);
});

test('a line that was mended keeps its place among the findings', () => {
	const before = lines('clock=bad', 'gop.main=warning', 'login=ok', 'onvif=note+');
	const after = lines('clock=ok', 'gop.main=warning', 'login=ok', 'onvif=ok');
	const worst = raised(raised(nothingRaised, before), after);
	expect(findingsOf(after, worst).map((one) => `${lineKey(one)}=${one.verdict}`)).toEqual(['clock=ok', 'gop main=warning', 'onvif=ok']);
	expect(named(findingsOf(after, raised(nothingRaised, after)))).toEqual(['gop main']);
});

test('groups in order, what is fine apart, what was not looked at by its reason', () => {
	const groups = groupedLines(mergedLines([], lines('reachable=ok', 'clock=note', 'login=bad', 'gop.main=skipped:login_refused', 'codec.main=skipped:login_refused', 'gop.sub=skipped:no_stream', 'decode.main=ok')));
	expect(groups.map(({ name }) => name)).toEqual(['reach', 'main', 'sub', 'machine']);
	const [reach, main] = groups;
	expect([reach?.findings, reach?.notes, reach?.fine].map((part) => named(part ?? []))).toEqual([['login'], ['clock'], ['reachable']]);
	expect(main?.skipped.map(({ text, lines }) => [text, named(lines)])).toEqual([['doctor.skipped.login_refused', ['codec main', 'gop main']]]);
});

test('channels of a recorder follow what belongs to all of it, each in one part', () => {
	const held = mergedLines([], lines('gop@10.main=ok', 'gop@2.sub=warning', 'decode@2.main=ok', 'gop@2.main=ok', 'onvif=ok', 'clock=ok'));
	expect(named(held)).toEqual(['clock', 'onvif', 'gop 2 main', 'gop 2 sub', 'decode 2 main', 'gop 10 main']);
	expect(named(mergedLines(held, lines('gop@2.sub=ok')))).toHaveLength(6);
	expect(groupedLines(held).map(({ name }) => name)).toEqual(['reach', 'onvif', '2', '10']);
});

test('how many of each, the worst first', () => {
	const check = (texts: string[], expected: string) => expect(summaryOf(lines(...texts)).map(({ verdict, count }) => `${count} ${verdict}`).join(', ')).toBe(expected);
	check([], '0 ok');
	check(['clock=bad'], '1 bad, 0 ok');
	check(['reachable=ok', 'onvif=skipped:no_onvif', 'clock=warning', 'login=bad', 'gop.main=warning'], '1 bad, 2 warning, 1 ok, 1 skipped');
});

test('a verdict that is not known is never fine', () => {
	expect(verdictOf(line('clock=odd'))).toBe('note');
});

test('what interrupts the picture or wants to know something asks first', () => {
	const check = (kind: string, expected: boolean) => expect(asksFirst(kind)).toBe(expected);
	check('sync_clock', false);
	check('set_ntp', true);
	check('set_gop', true);
	check('set_codec', true);
	check('set_something', true);
});
