import { defineConfig } from '@playwright/test';

// The system's own Chromium; nothing is downloaded. One worker: the machine that runs this has two cores.
export default defineConfig({
	testDir: 'specs',
	outputDir: '../test-results',
	workers: 1,
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
