export { locale, languageNames, languages, lookup, t, type Key, type Language } from './locale.svelte';
export { fill, type Params } from './fill';
export * as format from './format';
