/** Words of the catalogue, for specs that walk through both languages. */
import { readFileSync } from 'node:fs';
import { fill, type Params } from '../../src/lib/i18n/fill';

export type Language = 'en' | 'zh-CN';
export const languages: readonly Language[] = ['en', 'zh-CN'];

/** A word that the catalogue lacks is a mistake of the spec. */
export function wordsOf(language: Language): (key: string, params?: Params) => string {
	const file = new URL(`../../../assets/i18n/${language}.json`, import.meta.url);
	const words = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
	return (key, params) => {
		const text = words[key];
		if (text === undefined) throw new Error(`the catalogue has no ${key}`);
		return fill(text, params);
	};
}
