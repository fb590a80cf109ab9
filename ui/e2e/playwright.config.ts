import { defineConfig } from '@playwright/test';

// Read clocks in pictures, or count milliseconds or bytes: nothing may run beside them.
const alone = ['first-picture', 'live', 'playback-sync', 'replay', 'ways'].map((name) => `**/${name}.spec.ts`);

// The system's own Chromium; nothing is downloaded.
export default defineConfig({
	testDir: 'specs',
	outputDir: '../test-results',
	projects: [
		{ name: 'paired', testIgnore: alone, workers: 2 },
		{ name: 'alone', testMatch: alone, workers: 1 }
	],
	timeout: 120_000,
	expect: { timeout: 10_000 },
	forbidOnly: true,
	reporter: 'list',
	use: {
		viewport: { width: 1280, height: 720 },
		locale: 'en',
		launchOptions: {
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-dev-shm-usage']
		}
	}
});
