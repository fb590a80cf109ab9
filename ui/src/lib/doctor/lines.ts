/** The lines of an examination: merged as they come, ordered, grouped, counted. Pure. */
import type { DoctorLineView } from '$lib/api';

export type Verdict = 'ok' | 'note' | 'warning' | 'bad' | 'skipped';

/** As they stand on screen; a check that is not known here comes last. */
const order = [
	'reachable', 'latency', 'login', 'default_password', 'clock', 'ntp', 'firmware',
	'onvif', 'profiles', 'events', 'snapshot', 'ptz',
	'transport', 'codec', 'key_frame', 'gop', 'b_frames', 'smart_codec', 'parameter_sets', 'audio', 'arrival', 'session_limit',
	'decode'
];
const areas = ['reach', 'onvif', 'stream', 'machine'];
const urgency: Record<Verdict, number> = { bad: 0, warning: 1, note: 2, ok: 3, skipped: 4 };

export function lineKey({ check, channel, stream }: Pick<DoctorLineView, 'check' | 'channel' | 'stream'>): string {
	return [check, channel, stream].filter(Boolean).join(' ');
}

/** A verdict that is not known here is shown, but not as something fine. */
export function verdictOf({ verdict }: Pick<DoctorLineView, 'verdict'>): Verdict {
	return verdict in urgency ? (verdict as Verdict) : 'note';
}

function rank(list: readonly string[], one: string): number {
	const at = list.indexOf(one);
	return at < 0 ? list.length : at;
}

/** Channels of a recorder stand behind what belongs to all of it, one after another. */
function place(line: DoctorLineView): number {
	const stream = line.stream === 'sub' ? 1 : 0;
	return ((line.channel ?? 0) * 10 + rank(areas, line.area) * 2 + stream) * 100 + rank(order, line.check);
}

/** In their order; a line that came again replaces the one that is held. */
export function mergedLines(held: readonly DoctorLineView[], news: readonly DoctorLineView[]): DoctorLineView[] {
	const byKey = new Map(held.map((line) => [lineKey(line), line]));
	for (const line of news) byKey.set(lineKey(line), line);
	return [...byKey.values()].sort((a, b) => place(a) - place(b));
}

/** How much a line asks of somebody, the least first; undefined: nothing. */
function demand(line: DoctorLineView): number | undefined {
	const verdict = verdictOf(line);
	if (verdict === 'bad' || verdict === 'warning') return urgency[verdict];
	return line.mend && verdict !== 'skipped' ? urgency.note : undefined;
}

/** The most that each line asked since the examination began, by its key. */
export type Raised = ReadonlyMap<string, number>;

export const nothingRaised: Raised = new Map();

export function raised(held: Raised, lines: readonly DoctorLineView[]): Raised {
	const most = new Map(held);
	for (const line of lines) {
		const asked = demand(line);
		if (asked !== undefined) most.set(lineKey(line), Math.min(asked, most.get(lineKey(line)) ?? asked));
	}
	return most;
}

/** What somebody has to look at, the worst first. A line that was mended keeps its place, so that this is seen. */
export function findingsOf(lines: readonly DoctorLineView[], asked: Raised): DoctorLineView[] {
	const place = (line: DoctorLineView) => asked.get(lineKey(line)) ?? 0;
	return lines.filter((line) => asked.has(lineKey(line))).sort((a, b) => place(a) - place(b));
}

export interface LineGroup {
	/** `reach`, `onvif`, `main`, `sub`, `machine`, or the number of a channel. */
	name: string;
	/** Problems, warnings and what can be mended, the worst first. */
	findings: DoctorLineView[];
	/** Those that nothing can be done about at once. */
	notes: DoctorLineView[];
	fine: DoctorLineView[];
	/** Lines that were not looked at, by their common reason. */
	skipped: { text: string; lines: DoctorLineView[] }[];
}

function groupOf({ area, channel, stream }: DoctorLineView): string {
	if (channel) return String(channel);
	return area === 'stream' ? (stream ?? 'main') : area;
}

export function groupedLines(lines: readonly DoctorLineView[]): LineGroup[] {
	const groups = new Map<string, DoctorLineView[]>();
	for (const line of lines) {
		const name = groupOf(line);
		groups.set(name, [...(groups.get(name) ?? []), line]);
	}
	return [...groups].map(([name, all]) => ({
		name,
		findings: all.filter((line) => demand(line) !== undefined).sort((a, b) => urgency[verdictOf(a)] - urgency[verdictOf(b)]),
		notes: all.filter((line) => verdictOf(line) === 'note' && demand(line) === undefined),
		fine: all.filter((line) => verdictOf(line) === 'ok'),
		skipped: byReason(all.filter((line) => verdictOf(line) === 'skipped'))
	}));
}

function byReason(lines: readonly DoctorLineView[]): LineGroup['skipped'] {
	const reasons = new Map<string, DoctorLineView[]>();
	for (const line of lines) reasons.set(line.text, [...(reasons.get(line.text) ?? []), line]);
	return [...reasons].map(([text, lines]) => ({ text, lines }));
}

export interface Count {
	verdict: Verdict;
	count: number;
}

/** The worst first, without those that did not occur. What is fine is always said. */
export function summaryOf(lines: readonly DoctorLineView[]): Count[] {
	const counts = new Map<Verdict, number>([['ok', 0]]);
	for (const line of lines) counts.set(verdictOf(line), (counts.get(verdictOf(line)) ?? 0) + 1);
	return [...counts].map(([verdict, count]) => ({ verdict, count })).sort((a, b) => urgency[a.verdict] - urgency[b.verdict]);
}

/** A mend that interrupts the picture, or wants to know something, asks first. */
export function asksFirst(kind: string): boolean {
	return kind !== 'sync_clock';
}
