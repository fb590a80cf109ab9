import type { FactsView } from '$lib/api';

const names: Record<string, string> = { h264: 'H.264', h265: 'H.265', mjpeg: 'MJPEG', aac: 'AAC', pcma: 'G.711 A', pcmu: 'G.711 µ', g726: 'G.726', opus: 'Opus' };

/** A codec as its standard spells it; unknown ones as the camera named them. */
export function codecName(codec: string): string {
	return names[codec] ?? codec;
}

/** `H.264 1920×1080, 25 fps` */
export function brief(facts: FactsView): string {
	const parts = [];
	if (facts.video) parts.push(`${codecName(facts.video)} ${facts.width}×${facts.height}`);
	if (facts.frame_rate > 0) parts.push(`${Math.round(facts.frame_rate * 10) / 10} fps`);
	return parts.join(', ');
}

/** `AAC 16 kHz`; undefined without sound. */
export function sound(facts: FactsView): string | undefined {
	if (!facts.audio) return undefined;
	return facts.audio_sample_rate ? `${codecName(facts.audio)} ${facts.audio_sample_rate / 1000} kHz` : codecName(facts.audio);
}

/** `H.264 1920×1080, 25 fps, GOP 2 s, AAC 16 kHz` */
export function describe(facts: FactsView): string {
	const gop = facts.gop_ms ? `GOP ${Math.round(facts.gop_ms / 100) / 10} s` : '';
	return [brief(facts), gop, sound(facts)].filter(Boolean).join(', ');
}
