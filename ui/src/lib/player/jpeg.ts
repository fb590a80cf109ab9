/** Single JPEG pictures from the live socket, for cameras that send nothing else. The newest wins. */
import type { Frame } from './framing';
import type { Renderer, RendererEvents, RendererStats } from './renderer';

export class JpegRenderer implements Renderer {
	readonly element = document.createElement('canvas');
	#waiting: Frame | undefined;
	#isDecoding = false;
	#dropped = 0;
	#isDisposed = false;

	constructor(private readonly events: RendererEvents) {}

	configure(): void {}

	push(frame: Frame): void {
		if (frame.kind !== 'jpeg') return;
		if (this.#waiting) this.#dropped += 1;
		this.#waiting = frame;
		if (!this.#isDecoding) void this.#decode();
	}

	async #decode(): Promise<void> {
		this.#isDecoding = true;
		while (this.#waiting && !this.#isDisposed) {
			const frame: Frame = this.#waiting;
			this.#waiting = undefined;
			try {
				const picture = await createImageBitmap(new Blob([frame.body], { type: 'image/jpeg' }));
				if (!this.#isDisposed) this.#draw(picture, frame.captureMs);
				picture.close();
			} catch {
				this.#dropped += 1;
			}
		}
		this.#isDecoding = false;
	}

	#draw(picture: ImageBitmap, captureMs: number): void {
		if (this.element.width !== picture.width || this.element.height !== picture.height) {
			this.element.width = picture.width;
			this.element.height = picture.height;
		}
		this.element.getContext('2d', { alpha: false })?.drawImage(picture, 0, 0);
		this.events.onPresented({ captureMs });
	}

	tick(): void {}
	nudge(): void {}
	suspend(): void {
		this.#waiting = undefined;
	}
	attached(): void {}

	stats(): RendererStats {
		return { way: 'jpeg', bufferedS: 0, rate: 1, dropped: this.#dropped };
	}

	dispose(): void {
		this.#isDisposed = true;
		this.#waiting = undefined;
		this.element.width = this.element.height = 0;
	}
}
