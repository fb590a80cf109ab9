import { getCurrentWindow } from '@tauri-apps/api/window';
import { browser } from './browser';
import type { Platform } from './types';

/**
 * The window of the desktop shell. It lends the site's pages full screen and nothing else: there is no event to listen
 * to, so a change is noticed by the size that comes with it.
 */
export const desktop: Platform = {
	...browser,
	kind: 'desktop',
	async setFullScreen(on) {
		await getCurrentWindow().setFullscreen(on);
	},
	whenFullScreenChanges(act) {
		let last: boolean | undefined;
		const changed = () =>
			void getCurrentWindow()
				.isFullscreen()
				.then((on) => {
					if (last !== undefined && on !== last) act(on);
					last = on;
				});
		changed();
		window.addEventListener('resize', changed);
		return () => window.removeEventListener('resize', changed);
	}
};
