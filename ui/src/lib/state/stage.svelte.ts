/** Whether the wall fills the whole screen, with the navigation out of the way. */
import { platform } from '$lib/platform';

class Stage {
	isFull = $state(false);

	async setFull(isFull: boolean): Promise<void> {
		if (this.isFull === isFull) return;
		this.isFull = isFull;
		await platform.setFullScreen(isFull);
	}
}

export const stage = new Stage();
