import type { Platform } from './types';

export const browser: Platform = {
	kind: 'browser',
	async setFullScreen(on) {
		try {
			if (on) await document.documentElement.requestFullscreen();
			else if (document.fullscreenElement) await document.exitFullscreen();
		} catch {
			// Refused without a user gesture; the page stays as it is.
		}
	},
	isFullScreen: () => document.fullscreenElement !== null,
	async save(url, fileName) {
		const link = document.createElement('a');
		link.href = url;
		link.download = fileName;
		document.body.append(link);
		link.click();
		link.remove();
	}
};
