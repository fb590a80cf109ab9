/** Which picture height to ask the site for. Steps with hysteresis, so that dragging a border does not reopen streams. */
const steps = [180, 360, 540, 720, 1080, 1440, 2160] as const;
const slack = 0.15;

/** `held` is what was asked for last, `pixels` the tile's height in device pixels. */
export function askHeight(held: number | undefined, pixels: number): number {
	const wanted = steps.find((step) => step >= pixels) ?? 2160;
	if (held === undefined || wanted === held) return wanted;
	const lower = [...steps].reverse().find((step) => step < held) ?? 0;
	const isNearHeld = pixels <= held * (1 + slack) && pixels > lower * (1 - slack);
	return isNearHeld ? held : wanted;
}
