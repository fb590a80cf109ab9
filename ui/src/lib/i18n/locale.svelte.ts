/**
 * Words on screen. Catalogues are the two flat files in assets/i18n; a key that English lacks is a type error.
 * Switching the language re-renders what reads `t()` without a reload.
 */
import en from '$i18n/en.json';
import zh from '$i18n/zh-CN.json';
import { fill, type Params } from './fill';

export type Key = keyof typeof en;
export type Language = 'en' | 'zh-CN';
export const languages: readonly Language[] = ['en', 'zh-CN'];
/** Each language by its own name. */
export const languageNames: Record<Language, string> = { en: 'English', 'zh-CN': '简体中文' };

const catalogues: Record<Language, Record<string, string>> = { en, 'zh-CN': zh };

class Locale {
	language = $state<Language>('en');
	/** IANA name of the zone that times are shown in: the site's, so that everybody who watches it says the same. */
	timeZone = $state<string>();

	set(language: string | null | undefined): void {
		this.language = pick(language ? [language] : navigator.languages);
		document.documentElement.lang = this.language;
	}
}

export const locale = new Locale();

/** The best of the languages there are. */
export function pick(wanted: readonly string[]): Language {
	for (const one of wanted) {
		if (one.toLowerCase().startsWith('zh')) return 'zh-CN';
		if (one.toLowerCase().startsWith('en')) return 'en';
	}
	return 'en';
}

export function t(key: Key, params?: Params): string {
	return lookup(key, params) ?? key;
}

/** For keys made at run time, such as `error.{code}`; undefined when the catalogue has none. */
export function lookup(key: string, params?: Params): string | undefined {
	const text = catalogues[locale.language][key] ?? catalogues.en[key];
	return text === undefined ? undefined : fill(text, params);
}
