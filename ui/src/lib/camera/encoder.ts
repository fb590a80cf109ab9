/** What an encoder may be set to. Pure. */
import type { EncoderOptionView, EncoderView, RangeView } from '$lib/api';

export function optionOf(encoder: Pick<EncoderView, 'options'>, codec: string): EncoderOptionView | undefined {
	return encoder.options.find((option) => option.codec === codec);
}

/** `1920x1080`, the largest first; the present one too where the device does not list it. */
export function sizesOf(encoder: Pick<EncoderView, 'options' | 'width' | 'height' | 'codec'>, codec: string): string[] {
	const listed = (optionOf(encoder, codec)?.sizes ?? []).map(([width = 0, height = 0]) => [width, height] as const);
	const own = codec === encoder.codec && encoder.width && encoder.height ? [[encoder.width, encoder.height] as const] : [];
	const sorted = [...listed, ...own].sort(([aw, ah], [bw, bh]) => bw * bh - aw * ah);
	return [...new Set(sorted.map(([width, height]) => `${width}x${height}`))];
}

/** `1 – 30`; empty where the device does not say. */
export function rangeText(range: RangeView | null | undefined): string {
	return range ? `${range.min} – ${range.max}` : '';
}
