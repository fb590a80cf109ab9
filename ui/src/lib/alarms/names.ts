/** What alarms, their sources and their kinds are called in the language on screen. */
import type { BothLanguages } from '$lib/api';
import { locale, lookup, t } from '$lib/i18n';
import { levelOf } from './level';

export function said(text: BothLanguages): string {
	return locale.language === 'zh-CN' ? text.zh_cn : text.en;
}

/** `Serious and above`; nothing is above the highest. */
export function fromLevel(value: number): string {
	const level = t(`alarm.level.${levelOf(value)}`);
	return levelOf(value) === 4 ? level : t('alarms.filter.level', { level });
}

export function sourceName(source: string): string {
	return lookup(`alarm.source.${source}`) ?? source;
}

/** Where it comes from and what it is; one word where both are the same. */
export function whatName({ source, kind }: { source: string; kind: string }): string {
	return [...new Set([sourceName(source), kindName(kind)])].join(' · ');
}

/** Scenes of AI engines have no words here: their codes are what the node calls them. */
export function kindName(kind: string): string {
	return lookup(`alarm.kind.${kind}`) ?? lookup(`event.${kind}`) ?? lookup(`scene.${kind}`) ?? kind;
}
