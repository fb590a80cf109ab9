/** Digital zoom: a scale and the shift of the picture in parts of the tile's size. Pure. */
export interface Zoom {
	scale: number;
	x: number;
	y: number;
}

export const whole: Zoom = { scale: 1, x: 0, y: 0 };
const mostScale = 10;

function clamp(zoom: Zoom): Zoom {
	const least = 1 - zoom.scale;
	return { scale: zoom.scale, x: Math.min(0, Math.max(least, zoom.x)), y: Math.min(0, Math.max(least, zoom.y)) };
}

/** Scales by `factor` while the point under the pointer (0 to 1 of the tile) stays where it is. */
export function zoomAt(zoom: Zoom, factor: number, pointX: number, pointY: number): Zoom {
	const scale = Math.min(mostScale, Math.max(1, zoom.scale * factor));
	const ratio = scale / zoom.scale;
	return clamp({ scale, x: pointX - (pointX - zoom.x) * ratio, y: pointY - (pointY - zoom.y) * ratio });
}

/** Moves by parts of the tile's size; the picture never leaves the tile. */
export function pan(zoom: Zoom, dx: number, dy: number): Zoom {
	return clamp({ scale: zoom.scale, x: zoom.x + dx, y: zoom.y + dy });
}
