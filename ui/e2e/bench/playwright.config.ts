import { defineConfig } from '@playwright/test';
import common from '../playwright.config';

// Benchmarks are asked for by name and assert nothing: `make bench` makes tables of their rows.
export default defineConfig({
	...common,
	testDir: '.',
	testMatch: '*.bench.ts',
	outputDir: '../../test-results',
	timeout: 900_000,
	use: {
		...common.use,
		launchOptions: {
			...common.use?.launchOptions,
			// Peers that speak WebRTC are reached over loopback, without names for addresses.
			args: [...(common.use?.launchOptions?.args ?? []), '--allow-loopback-in-peer-connection', '--disable-features=WebRtcHideLocalIpsWithMdns']
		}
	}
});
