import { defineConfig } from '@playwright/test';

// What measures time has the machine to itself: it may have but two cores.
const alone = ['first-picture', 'live', 'playback', 'ways', 'wall'].map((name) => `**/${name}.spec.ts`);

// The system's own Chromium; nothing is downloaded. One project a run: `--project=alone`, then `--project=together`.
export default defineConfig({
	testDir: 'specs',
	outputDir: '../test-results',
	workers: 2,
	projects: [
		{ name: 'alone', testMatch: alone, workers: 1 },
		{ name: 'together', testIgnore: alone }
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
