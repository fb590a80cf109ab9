import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	kit: {
		adapter: adapter({ fallback: 'index.html', pages: 'build', assets: 'build' }),
		alias: { $i18n: '../assets/i18n' },
		output: { preloadStrategy: 'modulepreload' }
	}
};
