/** What turns coded frames into pictures on an element. One per connection epoch; the player swaps them. */
import type { Frame } from './framing';
import type { LiveHello } from './messages';

export interface Presented {
	/** Capture time of the picture now on screen, UTC ms of the site. */
	captureMs: number;
}

export interface RendererEvents {
	onPresented(presented: Presented): void;
	/** Coded data that cannot be decoded; the player tries another way. */
	onBroken(reason: string): void;
}

export interface RendererStats {
	way: 'mse' | 'webcodecs' | 'jpeg' | 'still';
	/** Seconds of coded video waiting. */
	bufferedS: number;
	rate: number;
	dropped: number;
}

export interface Renderer {
	readonly element: HTMLVideoElement | HTMLCanvasElement | HTMLImageElement;
	configure(hello: LiveHello): void;
	push(frame: Frame): void;
	/** Four times a second. */
	tick(): void;
	/** First aid: to the newest picture, afresh. */
	nudge(): void;
	/** Forgets what is buffered; the last picture stays on screen. */
	suspend(): void;
	/** Called after the element was moved to another place of the page. */
	attached(): void;
	stats(): RendererStats;
	dispose(): void;
}
