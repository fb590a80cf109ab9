import type { Platform } from './types';

const rights = { granted: 'yes', default: 'ask', denied: 'no' } as const;

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
	noticeRight() {
		if (typeof Notification === 'undefined' || !window.isSecureContext) return 'never';
		return rights[Notification.permission];
	},
	async askForNotices() {
		if (this.noticeRight() === 'ask') await Notification.requestPermission().catch(() => undefined);
		return this.noticeRight();
	},
	notice({ key, title, text, onpress }) {
		if (this.noticeRight() !== 'yes') return;
		try {
			const shown = new Notification(title, { body: text, tag: key });
			shown.onclick = () => {
				window.focus();
				shown.close();
				onpress();
			};
		} catch {
			// Some systems allow notes to service workers only; the page shows the alarm anyway.
		}
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
