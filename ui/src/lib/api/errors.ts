/** The sentence and the next step for an error code, from the catalogue. */
import { lookup, t } from '$lib/i18n';

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

/** A value that the site did not send must not show as a place of the catalogue. */
function tidy(text: string): string {
	return text.replace(/\{\w+\}/g, '…');
}
