/** The only door to the desktop shell. The window is a loopback browser, so most of it is the browser's own. */
import { browser } from './browser';
import type { Platform } from './types';

export type { Platform } from './types';

const isDesktop = () => typeof window !== 'undefined' && window.__TAURI_INTERNALS__ !== undefined;

export const platform: Platform = {
	...browser,
	get kind() {
		return isDesktop() ? 'desktop' : 'browser';
	}
};
