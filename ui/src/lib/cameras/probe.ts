import type { FactsView } from '$lib/api';

/** `H.264 1920×1080, 25 fps, GOP 2 s, AAC 16 kHz` */
export function describe(facts: FactsView): string {
	const names: Record<string, string> = { h264: 'H.264', h265: 'H.265', mjpeg: 'MJPEG', aac: 'AAC', pcma: 'G.711 A', pcmu: 'G.711 µ', g726: 'G.726', opus: 'Opus' };
	const name = (codec: string) => names[codec] ?? codec;
	const parts = [];
	if (facts.video) parts.push(`${name(facts.video)} ${facts.width}×${facts.height}`);
	if (facts.frame_rate > 0) parts.push(`${Math.round(facts.frame_rate * 10) / 10} fps`);
	if (facts.gop_ms) parts.push(`GOP ${Math.round(facts.gop_ms / 100) / 10} s`);
	if (facts.audio) parts.push(facts.audio_sample_rate ? `${name(facts.audio)} ${facts.audio_sample_rate / 1000} kHz` : name(facts.audio));
	return parts.join(', ');
}
