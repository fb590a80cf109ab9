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
	whenFullScreenChanges(act) {
		const changed = () => act(document.fullscreenElement !== null);
		document.addEventListener('fullscreenchange', changed);
		return () => document.removeEventListener('fullscreenchange', changed);
	},
	async save(url, fileName) {
		const link = document.createElement('a');
		link.href = url;
		link.download = fileName;
		document.body.append(link);
		link.click();
		link.remove();
	}
};
