/** The pointer on the picture of a camera that is being moved: a drag steers, a click brings that point to the middle. */
import type { PtzControl } from './ptz.svelte';
import { pictureBox, pointIn, speedOf, still, type Box } from './ptz_aim';

const clickPx = 6;

/** Where the picture lies in its tile, as its style fits it. */
function boxOf(host: HTMLElement): Box {
	const picture = host.querySelector<HTMLVideoElement | HTMLCanvasElement | HTMLImageElement>('video, canvas, img');
	const tile = { width: host.clientWidth, height: host.clientHeight };
	if (!picture) return { left: 0, top: 0, ...tile };
	const size =
		picture instanceof HTMLVideoElement
			? { width: picture.videoWidth, height: picture.videoHeight }
			: picture instanceof HTMLImageElement
				? { width: picture.naturalWidth, height: picture.naturalHeight }
				: { width: picture.width, height: picture.height };
	if (size.width === 0 || size.height === 0) return { left: 0, top: 0, ...tile };
	const [, y = '50%'] = getComputedStyle(picture).objectPosition.split(' ');
	return pictureBox(tile, size, Number.parseFloat(y) / 100);
}

export function steerByPointer(event: PointerEvent & { currentTarget: HTMLElement }, ptz: PtzControl): void {
	if (event.button !== 0) return;
	event.preventDefault();
	const host = event.currentTarget;
	host.setPointerCapture(event.pointerId);
	const from = { x: event.clientX, y: event.clientY };
	const reach = Math.min(host.clientWidth, host.clientHeight) / 2;
	let isDrag = false;
	const ended = new AbortController();
	const { signal } = ended;
	const move = (at: PointerEvent) => {
		const [dx, dy] = [at.clientX - from.x, at.clientY - from.y];
		isDrag ||= Math.hypot(dx, dy) > clickPx;
		if (isDrag) ptz.steer(speedOf(dx / reach, dy / reach));
	};
	const end = (at: Event) => {
		ended.abort();
		if (isDrag) return ptz.steer(still);
		if (at.type !== 'pointerup') return;
		const tile = host.getBoundingClientRect();
		const point = pointIn(boxOf(host), from.x - tile.left, from.y - tile.top);
		if (point && ptz.view?.capabilities.centre !== 'none') ptz.centre(point.x, point.y);
	};
	host.addEventListener('pointermove', move, { signal });
	for (const kind of ['pointerup', 'pointercancel', 'lostpointercapture']) host.addEventListener(kind, end, { signal });
}
