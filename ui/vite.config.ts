import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';

// During `npm run dev` the API comes from a running site.
const site = process.env.WATCHWALL_SITE ?? 'http://127.0.0.1:8080';

export default defineConfig({
	plugins: [sveltekit()],
	// WebKitGTK 2.50 and current Chromium both speak this; nothing is down-levelled.
	build: { target: 'es2022', chunkSizeWarningLimit: 600 },
	server: {
		fs: { allow: ['../assets'] },
		proxy: {
			'/api': { target: site, ws: true, changeOrigin: true },
			'/ws': { target: site, ws: true, changeOrigin: true }
		}
	},
	test: { environment: 'node', include: ['src/**/*.test.ts', 'e2e/support/**/*.test.ts'] }
});
