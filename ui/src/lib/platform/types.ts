/** What a desktop window can do that a browser cannot. The UI asks for abilities, never for a platform. */
export interface Platform {
	readonly kind: 'browser' | 'desktop';
	setFullScreen(on: boolean): Promise<void>;
	isFullScreen(): boolean;
	/** Saves a file the site serves: a download in a browser, a save dialog in the desktop window. */
	save(url: string, fileName: string): Promise<void>;
}
