/** The sentence and the next step for an error code, from the catalogue. */
import { lookup, t } from '$lib/i18n';
import type { Failure } from './result';

export interface ErrorText {
	/** What happened. */
	sentence: string;
	/** What to do about it; empty when there is nothing. */
	next: string;
}

export function errorText(code: string, params: Record<string, string> = {}): ErrorText {
	const sentence = lookup(`error.${code}`, params);
	if (sentence === undefined) return { sentence: t('ui.error.unknown', { code }), next: t('ui.error.unknown.next') };
	return { sentence: tidy(sentence), next: tidy(lookup(`error.${code}.next`, params) ?? '') };
}

/** The same for an answer, whose suggestion knows the device better than the code does. */
export function failureText({ code, params, suggestion }: Pick<Failure, 'code' | 'params' | 'suggestion'>): ErrorText {
	const text = errorText(code, params);
	return { ...text, next: (suggestion && lookup(`suggestion.${suggestion}`)) || text.next };
}

/** A value that the site did not send must not show as a place of the catalogue. */
function tidy(text: string): string {
	return text.replace(/\{\w+\}/g, '…');
}
