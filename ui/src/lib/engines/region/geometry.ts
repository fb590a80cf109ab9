/** Polygons and lines on a picture, in fractions of the frame from its top left corner. Pure. */

export type Point = readonly [x: number, y: number];

/** Of the picture as it lies on screen: near and far are judged in its pixels. */
export interface Scale {
	width: number;
	height: number;
}

/** As many as the site takes. */
export const mostPoints = 64;
export const mostLines = 8;
/** A polygon smaller than this part of the frame is refused by the site. */
const leastArea = 1e-4;

/** Into the frame, and short: a ten-thousandth of the frame is finer than any pixel. */
export function clamped([x, y]: Point): Point {
	const into = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4;
	return [into(x), into(y)];
}

export function distance(a: Point, b: Point, { width, height }: Scale): number {
	return Math.hypot((a[0] - b[0]) * width, (a[1] - b[1]) * height);
}

/** The nearest point within reach; the later one of two that lie on each other, because it is drawn on top. */
export function pointAt(points: readonly Point[], at: Point, scale: Scale, reachPx: number): number | undefined {
	let found: number | undefined;
	let least = reachPx;
	for (const [index, point] of points.entries()) {
		const far = distance(point, at, scale);
		if (far <= least) [found, least] = [index, far];
	}
	return found;
}

export interface OnEdge {
	/** A new point takes this place in the list. */
	index: number;
	/** On the edge, nearest to where was pointed. */
	point: Point;
	distancePx: number;
}

/** The nearest edge, also beyond any reach. A polygon of three points or more is closed, a line is not. */
export function nearestEdge(points: readonly Point[], at: Point, scale: Scale, shape: 'polygon' | 'line'): OnEdge | undefined {
	let nearest: OnEdge | undefined;
	const edges = shape === 'polygon' && points.length >= 3 ? points.length : points.length - 1;
	for (let index = 0; index < edges; index++) {
		const [from, to] = [points[index], points[(index + 1) % points.length]];
		if (!from || !to) continue;
		const point = nearestOn(from, to, at, scale);
		const distancePx = distance(point, at, scale);
		if (!nearest || distancePx < nearest.distancePx) nearest = { index: index + 1, point: clamped(point), distancePx };
	}
	return nearest;
}

function nearestOn(from: Point, to: Point, at: Point, { width, height }: Scale): Point {
	const [dx, dy] = [(to[0] - from[0]) * width, (to[1] - from[1]) * height];
	const length = dx * dx + dy * dy;
	if (length === 0) return from;
	const along = ((at[0] - from[0]) * width * dx + (at[1] - from[1]) * height * dy) / length;
	const share = Math.min(1, Math.max(0, along));
	return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}

/** Between this point and the next one. */
export function middleAfter(points: readonly Point[], index: number): Point | undefined {
	const [from, to] = [points[index], points[(index + 1) % points.length]];
	return from && to ? clamped([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]) : undefined;
}

export function inserted(points: readonly Point[], index: number, point: Point): Point[] {
	return points.length >= mostPoints ? [...points] : [...points.slice(0, index), clamped(point), ...points.slice(index)];
}

export function moved(points: readonly Point[], index: number, to: Point): Point[] {
	return points.map((point, place) => (place === index ? clamped(to) : point));
}

export function without(points: readonly Point[], index: number): Point[] {
	return points.filter((_, place) => place !== index);
}

/** Of a polygon, in parts of the frame. */
export function area(points: readonly Point[]): number {
	const twice = points.reduce((sum, [x, y], index) => {
		const [nextX, nextY] = points[(index + 1) % points.length] ?? [x, y];
		return sum + x * nextY - nextX * y;
	}, 0);
	return Math.abs(twice) / 2;
}

/** The polygon's edges cross: inside and outside are not what they seem. */
export function crossesItself(points: readonly Point[]): boolean {
	const count = points.length;
	if (count < 4) return false;
	for (let a = 0; a < count; a++) {
		for (let b = a + 2; b < count; b++) {
			// The last edge and the first one share a point.
			if (a === 0 && b === count - 1) continue;
			if (cross(points[a], points[a + 1], points[b], points[(b + 1) % count])) return true;
		}
	}
	return false;
}

function cross(a: Point | undefined, b: Point | undefined, c: Point | undefined, d: Point | undefined): boolean {
	if (!a || !b || !c || !d) return false;
	const side = (p: Point, q: Point, r: Point) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
	return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** What a polygon lacks. Empty is the whole picture, which lacks nothing. */
export function faultOf(points: readonly Point[]): 'few' | 'flat' | 'crossed' | undefined {
	if (points.length === 0) return undefined;
	if (points.length < 3) return 'few';
	if (area(points) < leastArea) return 'flat';
	return crossesItself(points) ? 'crossed' : undefined;
}

/** Two points or more, no two beside each other the same. */
export function isLine(points: readonly Point[]): boolean {
	return points.length >= 2 && points.every(([x, y], index) => index === 0 || points[index - 1]?.[0] !== x || points[index - 1]?.[1] !== y);
}

export interface Arrow {
	/** Middle of the line. */
	from: Point;
	/** Where the arrow's tip is. */
	to: Point;
}

/** Across the middle of a line, from its left to its right as one goes along it: the way that counts. Of this length on screen. */
export function arrowOf(points: readonly Point[], { width, height }: Scale, lengthPx: number): Arrow | undefined {
	const at = Math.floor((points.length - 1) / 2);
	const [from, to] = [points[at], points[at + 1]];
	if (!from || !to) return undefined;
	const [dx, dy] = [(to[0] - from[0]) * width, (to[1] - from[1]) * height];
	const length = Math.hypot(dx, dy);
	if (length === 0) return undefined;
	const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
	// On a screen y grows downwards: to the right of (dx, dy) lies (-dy, dx).
	return { from: middle, to: [middle[0] + ((-dy / length) * lengthPx) / width, middle[1] + ((dx / length) * lengthPx) / height] };
}

/** Where an arrow key leads, a hundredth of the frame further; undefined for any other key. */
export function stepped([x, y]: Point, key: string): Point | undefined {
	const step = 0.01;
	switch (key) {
		case 'ArrowLeft':
			return clamped([x - step, y]);
		case 'ArrowRight':
			return clamped([x + step, y]);
		case 'ArrowUp':
			return clamped([x, y - step]);
		case 'ArrowDown':
			return clamped([x, y + step]);
		default:
			return undefined;
	}
}

/** A polygon to begin with: most of the picture, its corners at hand. */
export const start: readonly Point[] = [
	[0.1, 0.1],
	[0.9, 0.1],
	[0.9, 0.9],
	[0.1, 0.9]
];
/** And a line: across the middle, crossed downwards. */
export const startLine: readonly Point[] = [
	[0.2, 0.5],
	[0.8, 0.5]
];
