/** From pointers and keys to speeds and points of a picture. Pure. */
export interface Speed {
	/** -1 to 1; right, up and in are positive. */
	pan: number;
	tilt: number;
	zoom: number;
}

export const still: Speed = { pan: 0, tilt: 0, zoom: 0 };

export function isStill(speed: Speed): boolean {
	return speed.pan === 0 && speed.tilt === 0 && speed.zoom === 0;
}

const deadZone = 0.12;

function eased(part: number): number {
	const size = Math.min(1, Math.abs(part));
	if (size < deadZone) return 0;
	// Fine near the middle, fast at the edge.
	const eager = ((size - deadZone) / (1 - deadZone)) ** 1.6;
	return Math.sign(part) * Math.round(Math.max(0.05, eager) * 100) / 100;
}

/** `x` and `y` from -1 to 1 of the way to the edge; down is positive, as on screens. */
export function speedOf(x: number, y: number): Speed {
	return { pan: eased(x), tilt: eased(-y) + 0, zoom: 0 };
}

const keySpeed = 0.5;
const fast = 1;

/** What the keys that are held ask for; with Shift at full speed. */
export function speedOfKeys(held: ReadonlySet<string>, isFast: boolean): Speed {
	const size = isFast ? fast : keySpeed;
	const axis = (more: boolean, less: boolean) => (Number(more) - Number(less)) * size;
	return {
		pan: axis(held.has('ArrowRight'), held.has('ArrowLeft')),
		tilt: axis(held.has('ArrowUp'), held.has('ArrowDown')),
		zoom: axis(held.has('+') || held.has('='), held.has('-'))
	};
}

export interface Box {
	left: number;
	top: number;
	width: number;
	height: number;
}

/** Where a picture lies inside its tile when it is fitted whole; `alignY` 0.5: in the middle, 1: at the bottom. */
export function pictureBox(tile: { width: number; height: number }, picture: { width: number; height: number }, alignY: number): Box {
	const scale = Math.min(tile.width / picture.width, tile.height / picture.height);
	const [width, height] = [picture.width * scale, picture.height * scale];
	return { left: (tile.width - width) / 2, top: (tile.height - height) * alignY, width, height };
}

/** A point of the picture from its upper left corner, 0 to 1; undefined beside the picture. */
export function pointIn(box: Box, x: number, y: number): { x: number; y: number } | undefined {
	const point = { x: (x - box.left) / box.width, y: (y - box.top) / box.height };
	return point.x >= 0 && point.x <= 1 && point.y >= 0 && point.y <= 1 ? point : undefined;
}
