import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import noLiteralText from './eslint/no-literal-text.js';
import svelteConfig from './svelte.config.js';

export default ts.config(
	{ ignores: ['build/', '.svelte-kit/', 'node_modules/', 'test-results/', 'src/lib/api/schema.ts'] },
	...ts.configs.recommended,
	...svelte.configs.recommended,
	{ languageOptions: { globals: { ...globals.browser, ...globals.node } } },
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser, svelteConfig, extraFileExtensions: ['.svelte'] } },
		plugins: { watchwall: { rules: { 'no-literal-text': noLiteralText } } },
		rules: { 'watchwall/no-literal-text': 'error', 'svelte/no-navigation-without-resolve': 'off' }
	},
	{
		rules: {
			'no-console': 'error',
			'max-lines': ['error', { max: 600, skipBlankLines: true }],
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
			'no-undef': 'off',
			'no-restricted-imports': [
				'error',
				{ patterns: [{ group: ['@tauri-apps/*'], message: 'Only src/lib/platform may talk to the shell.' }] }
			]
		}
	},
	{ files: ['src/lib/platform/**'], rules: { 'no-restricted-imports': 'off' } },
	{ files: ['src/routes/**/+page.svelte'], rules: { 'max-lines': ['error', { max: 150, skipBlankLines: true }] } },
	{ files: ['e2e/**'], rules: { 'no-console': 'off' } },
	{
		// The player is plain TypeScript: it knows a URL and an element, and no framework.
		files: ['src/lib/player/**'],
		rules: {
			'no-restricted-imports': ['error', { patterns: [{ group: ['svelte', 'svelte/*', '$app/*', '@tauri-apps/*', '$lib/*'] }] }]
		}
	}
);
