/** Where a picture lies in its tile, and a box of fractions on it. Pure; pixels are those of the device. */

export interface Size {
	width: number;
	height: number;
}

export interface Rect extends Size {
	x: number;
	y: number;
}

export interface Zoomed {
	scale: number;
	/** Shift in parts of the tile. */
	x: number;
	y: number;
}

/** Of `object-fit: contain`, with its spare room shared as `object-position` says (0 to 1), and the tile's digital zoom. */
export function pictureIn(tile: Size, picture: Size, position: readonly [x: number, y: number], zoom: Zoomed): Rect | undefined {
	if (picture.width <= 0 || picture.height <= 0 || tile.width <= 0 || tile.height <= 0) return undefined;
	const fit = Math.min(tile.width / picture.width, tile.height / picture.height);
	const [width, height] = [picture.width * fit, picture.height * fit];
	const [x, y] = [(tile.width - width) * position[0], (tile.height - height) * position[1]];
	return { x: zoom.x * tile.width + x * zoom.scale, y: zoom.y * tile.height + y * zoom.scale, width: width * zoom.scale, height: height * zoom.scale };
}

/** On whole pixels, so that its lines are sharp; undefined for one that is none. */
export function boxOn(picture: Rect, bbox: readonly number[]): Rect | undefined {
	const [x = NaN, y = NaN, width = NaN, height = NaN] = bbox;
	if (![x, y, width, height].every(Number.isFinite) || width <= 0 || height <= 0) return undefined;
	const [left, top] = [Math.round(picture.x + x * picture.width), Math.round(picture.y + y * picture.height)];
	const [right, bottom] = [Math.round(picture.x + (x + width) * picture.width), Math.round(picture.y + (y + height) * picture.height)];
	return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
}

/** `50% 100%` as a browser computes it; the middle for anything else. */
export function positionOf(text: string): [x: number, y: number] {
	const shares = /^([\d.]+)% ([\d.]+)%$/.exec(text);
	return shares ? [Number(shares[1]) / 100, Number(shares[2]) / 100] : [0.5, 0.5];
}

/** Any of it can be seen. */
export function isSeen({ x, y, width, height }: Rect, tile: Size): boolean {
	return x < tile.width && y < tile.height && x + width > 0 && y + height > 0;
}

/** Where a label of this size stands: above its box, or inside it where there is no room, and never beyond the tile's edges or under its head. */
export function labelAt(box: Rect, label: Size, tile: Size, headHeight: number): { x: number; y: number } {
	const above = box.y - label.height;
	return { x: Math.max(0, Math.min(box.x, tile.width - label.width)), y: Math.max(headHeight, Math.min(above >= headHeight ? above : box.y, tile.height - label.height)) };
}
