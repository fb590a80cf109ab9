/** One timer and one frame callback for all players of a page: 64 tiles must not mean 64 timers. */
const tickMs = 250;

const watchers = new Set<(now: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Calls four times a second until the returned function is called. */
export function everyTick(watch: (now: number) => void): () => void {
	watchers.add(watch);
	timer ??= setInterval(() => {
		const now = performance.now();
		for (const one of [...watchers]) one(now);
	}, tickMs);
	return () => {
		watchers.delete(watch);
		if (watchers.size === 0) {
			clearInterval(timer);
			timer = undefined;
		}
	};
}

const painters = new Set<() => void>();
let isScheduled = false;

/** Paints once with the next screen refresh, together with every other tile that has a new picture. */
export function beforePaint(paint: () => void): void {
	painters.add(paint);
	if (isScheduled) return;
	isScheduled = true;
	requestAnimationFrame(() => {
		isScheduled = false;
		const now = [...painters];
		painters.clear();
		for (const one of now) one();
	});
}

export function forgetPaint(paint: () => void): void {
	painters.delete(paint);
}
