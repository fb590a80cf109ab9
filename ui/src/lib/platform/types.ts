/** What a desktop window can do that a browser cannot. The UI asks for abilities, never for a platform. */
export interface Platform {
	readonly kind: 'browser' | 'desktop';
	setFullScreen(on: boolean): Promise<void>;
	/** Calls back when the user enters or leaves full screen by whatever means; answers how to stop that. */
	whenFullScreenChanges(act: (on: boolean) => void): () => void;
	/** Whether notes beside the page may be shown: `ask` when nobody was asked yet, `never` where there are none. */
	noticeRight(): 'yes' | 'ask' | 'no' | 'never';
	/** Asks the user, who must just have pressed something; answers what he said. */
	askForNotices(): Promise<'yes' | 'ask' | 'no' | 'never'>;
	/** Shows a note of the system's own; one with the same key takes the place of the one before. */
	notice(note: { key: string; title: string; text: string; onpress: () => void }): void;
	/**
	 * Saves a file the site serves, as a download. The desktop window's shell asks where to, so the page need not.
	 * Resolves when the download was asked for, not when it is done.
	 */
	save(url: string, fileName: string): Promise<void>;
}
