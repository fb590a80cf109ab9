/** Which part of its day a statement says was recorded, 0 to 1. Pure. */
export function shareOf({ from, to, covered_ms }: { from: number; to: number; covered_ms: number }): number {
	return to > from ? Math.min(1, Math.max(0, covered_ms / (to - from))) : 0;
}

/** Where a stretch stands on a bar of that day, in percent. */
export function placeOf([from, to]: readonly [number, number], day: { from: number; to: number }): { left: number; width: number } {
	const length = Math.max(1, day.to - day.from);
	const left = Math.min(100, Math.max(0, ((from - day.from) / length) * 100));
	const right = Math.min(100, Math.max(0, ((to - day.from) / length) * 100));
	return { left, width: Math.max(0, right - left) };
}
