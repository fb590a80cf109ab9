/** How an export is made. Pure. */
export const shortestPassword = 8;

export interface ExportClip {
	/** Of the camera. */
	name: string;
	path: string;
	from: number;
	to: number;
}

export interface ExportOptions {
	/** Empty: the site's own. */
	folder: string;
	isBurnt: boolean;
	watermark: string;
	isEncrypted: boolean;
	password: string;
}

export const noOptions: ExportOptions = { folder: '', isBurnt: false, watermark: '', isEncrypted: false, password: '' };

export function optionsHold({ isEncrypted, password }: ExportOptions): boolean {
	return !isEncrypted || [...password].length >= shortestPassword;
}

/** What of them goes into the request: nothing that was not wished. */
export function wishOf({ folder, isBurnt, watermark, isEncrypted, password }: ExportOptions): { folder?: string; burn_in?: { watermark: string }; password?: string } {
	return {
		...(folder ? { folder } : {}),
		...(isBurnt ? { burn_in: { watermark: watermark.trim() } } : {}),
		...(isEncrypted ? { password } : {})
	};
}
