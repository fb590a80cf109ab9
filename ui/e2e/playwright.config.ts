import { defineConfig } from '@playwright/test';

// Read clocks in pictures, count milliseconds or bytes, or have sixteen cameras: nothing may run beside them.
const alone = ['cameras', 'first-picture', 'leaks', 'live', 'playback-sync', 'replay', 'screens', 'wall', 'ways'].map((name) => `**/${name}.spec.ts`);

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
