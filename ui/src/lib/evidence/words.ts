/** Words about evidence that need no screen. Pure. */

export function isOver(state: string): boolean {
	return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** `car, theft` as tags: each once, without space around. */
export function tagsOf(text: string): string[] {
	const tags = text.split(/[,，、;；]/).map((tag) => tag.trim());
	return [...new Set(tags.filter((tag) => tag !== ''))];
}

/** `Gate 2026-11-26 10:15`, or `Gate +2 …` for several cameras. */
export function exportName(cameras: readonly string[], localTime: string): string {
	const more = cameras.length > 1 ? ` +${cameras.length - 1}` : '';
	return `${cameras[0] ?? ''}${more} ${localTime.replace('T', ' ').slice(0, 16)}`.trim();
}

/** A stretch in the order of time; undefined while an end is missing or both are the same. */
export function rangeOf(markIn: number | undefined, markOut: number | undefined): { from: number; to: number } | undefined {
	if (markIn === undefined || markOut === undefined || markIn >= markOut) return undefined;
	return { from: Math.round(markIn), to: Math.round(markOut) };
}

/** From the first beginning to the last end; undefined of nothing. */
export function spanOf(stretches: readonly { from: number; to: number }[]): { from: number; to: number } | undefined {
	if (stretches.length === 0) return undefined;
	return { from: Math.min(...stretches.map(({ from }) => from)), to: Math.max(...stretches.map(({ to }) => to)) };
}
