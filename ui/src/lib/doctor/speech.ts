/** Lines of an examination in words, in the language on screen. */
import { failureText, type DoctorLineView, type DoctorMendView, type DoctorView, type ErrorText } from '$lib/api';
import { toFailure } from '$lib/api/result';
import { codecName } from '$lib/cameras/probe';
import { format, locale, lookup, t } from '$lib/i18n';
import { groupedLines, summaryOf, verdictOf, type Count } from './lines';

/** Quantities, which are written as the language writes them; a port, a width or a firmware is not one. */
const quantity = /(?:^|_)(?:ms|s|seconds|frames|fps|kbps|kb|hz|percent|lost|changes)$/;
const digits = 1;

function spoken(name: string, value: string): string {
	if (value === '' || value === '?') return '–';
	if (name.endsWith('codec')) return codecName(value);
	if (name === 'method') return lookup(`device.login.${value}`) ?? value;
	const number = Number(value);
	if (!quantity.test(name) || !Number.isFinite(number)) return value;
	if (number === 0 && name.endsWith('ms')) return '<1';
	return format.number(number, Number.isInteger(number) ? 0 : digits).replace('-', '−');
}

function wordsFor(params: Record<string, string>): Record<string, string> {
	return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, spoken(name, value)]));
}

export function checkName(check: string): string {
	return lookup(`doctor.check.${check}`) ?? check;
}

export function streamName(stream: string): string {
	return t(stream === 'sub' ? 'facts.sub' : 'facts.main');
}

export function groupName(name: string): string {
	if (/^\d+$/.test(name)) return t('doctor.channel', { channel: name });
	return name === 'main' || name === 'sub' ? streamName(name) : (lookup(`doctor.area.${name}`) ?? name);
}

function atStream({ check, stream }: Pick<DoctorLineView, 'check' | 'stream'>): string {
	return stream ? t('doctor.at_stream', { stream: streamName(stream), check: checkName(check) }) : checkName(check);
}

/** With its channel and stream where the place on screen does not say them. */
export function placedName(line: Pick<DoctorLineView, 'check' | 'channel' | 'stream'>): string {
	return line.channel ? t('doctor.at_channel', { channel: line.channel, check: atStream(line) }) : atStream(line);
}

/** Where its part is said already. */
export function nameWithin(line: Pick<DoctorLineView, 'area' | 'check' | 'channel' | 'stream'>): string {
	if (line.channel) return atStream(line);
	return line.area === 'machine' && line.stream ? streamName(line.stream) : checkName(line.check);
}

/** Seconds from which another unit says it better. */
const farS = 120;

export function sentenceOf({ text, params }: Pick<DoctorLineView, 'text' | 'params'>): string {
	const offset = Number(params.offset_s ?? 0);
	const far = Math.abs(offset) >= farS ? lookup(`${text}.far`, { ...wordsFor(params), offset: format.offset(offset * 1000) }) : undefined;
	if (far) return far;
	return lookup(text, wordsFor(params)) ?? t('ui.error.unknown', { code: text });
}

/** What went wrong and what to do about it, where a person has to. */
export function adviceOf({ problem, suggestion, mend }: Pick<DoctorLineView, 'problem' | 'suggestion' | 'mend'>): ErrorText | undefined {
	if (problem) return failureText({ ...toFailure(problem.status, problem), ...(suggestion ? { suggestion } : {}) });
	// The button beside it does what would be said.
	if (mend) return undefined;
	const next = suggestion && lookup(`suggestion.${suggestion}`);
	return next ? { sentence: '', next } : undefined;
}

export function mendName({ kind, params }: DoctorMendView): string {
	return lookup(`doctor.mend.${kind}`, wordsFor(params)) ?? kind;
}

/** What is about to be changed, of which stream. */
export function mendQuestion(line: Pick<DoctorLineView, 'channel' | 'stream'>, mend: DoctorMendView): string {
	const own = streamName(line.stream ?? 'main');
	const stream = line.channel ? t('doctor.at_channel', { channel: line.channel, check: own }) : own;
	return lookup(`doctor.mend.ask.${mend.kind}`, { ...wordsFor(mend.params), stream }) ?? mendName(mend);
}

export function countText({ verdict, count }: Count): string {
	const form = new Intl.PluralRules(locale.language).select(count) === 'one' ? 'one' : 'other';
	return lookup(`doctor.count.${verdict}.${form}`, { count: format.number(count) }) ?? '';
}

export function deviceText({ device }: Pick<DoctorView, 'device'>): string {
	const name = [device?.manufacturer, device?.model].filter(Boolean).join(' ');
	if (!device?.firmware) return name;
	return t('doctor.device', { device: name || '–', firmware: device.firmware });
}

/** For a message to whoever has to mend it. */
export function plainText(view: DoctorView): string {
	const head = [view.name, view.address, deviceText(view)].filter(Boolean).join(' · ');
	const about = [t('doctor.examined', { at: format.moment(view.ended_at ?? view.started_at) }), summaryOf(view.lines).map(countText).join(' · ')];
	const parts = groupedLines(view.lines).map(({ name, findings, notes, fine, skipped }) => {
		const said = [...findings, ...notes, ...fine].flatMap((line) => {
			const advice = adviceOf(line);
			const text = `[${lookup(`doctor.verdict.${verdictOf(line)}`) ?? line.verdict}] ${nameWithin(line)}: ${sentenceOf(line)}`;
			return advice ? [text, `    ${[advice.sentence, advice.next].filter(Boolean).join(' ')}`] : [text];
		});
		const left = skipped.flatMap(({ lines }) => lines.slice(0, 1).map((first) => `${lines.map(nameWithin).join(', ')}: ${sentenceOf(first)}`));
		return [groupName(name), ...said, ...left].join('\n');
	});
	return [[head, ...about].join('\n'), ...parts].join('\n\n');
}
