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
	const said = spoken(params);
	const sentence = lookup(`error.${code}`, said);
	if (sentence === undefined) return { sentence: t('ui.error.unknown', { code }), next: t('ui.error.unknown.next') };
	return { sentence: tidy(sentence), next: tidy(lookup(`error.${code}.next`, said) ?? '') };
}

/** The same for an answer, whose suggestion knows the device better than the code does. */
export function failureText({ code, params, suggestion }: Pick<Failure, 'code' | 'params' | 'suggestion'>): ErrorText {
	const text = errorText(code, params);
	return { ...text, next: (suggestion && lookup(`suggestion.${suggestion}`)) || text.next };
}

/** Where each parameter's words stand in the catalogue. */
const WORDS: Record<string, string> = { reason: 'reason', field: 'field', column: 'import.column' };

/** Names of fields and columns, and what is wrong with them, in the language on screen where the catalogue has them. */
function spoken(params: Record<string, string>): Record<string, string> {
	const word = (name: string, value: string) => lookup(`${WORDS[name]}.${value.replace(/[^\w-]+/g, '_').toLowerCase()}`) ?? value;
	return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, name in WORDS ? word(name, value) : value]));
}

/** A value that the site did not send must not show as a place of the catalogue. */
function tidy(text: string): string {
	return text.replace(/\{\w+\}/g, '…');
}
