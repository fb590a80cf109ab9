/**
 * Alarm tones, made by the browser: no file to load, so they sound while the site is away. Each level has a melody of its
 * own, told apart by rhythm as well as by pitch.
 */
import type { Level } from '../level';

interface Note {
	/** Hertz; 0 is a rest. */
	pitch: number;
	ms: number;
	/** Glides to this pitch. */
	to?: number;
}

export type Tone = Level | 'alert' | 'bell' | 'siren';

const two = (pitch: number, ms: number): Note[] => [{ pitch, ms }, { pitch: 0, ms: 60 }];
export const melodies: Record<Tone, readonly Note[]> = {
	1: [{ pitch: 660, ms: 180 }],
	2: [...two(660, 140), { pitch: 880, ms: 220 }],
	3: [...two(880, 140), ...two(880, 140), { pitch: 1100, ms: 260 }],
	4: [{ pitch: 700, to: 1250, ms: 320 }, { pitch: 700, to: 1250, ms: 320 }, { pitch: 700, to: 1250, ms: 320 }],
	alert: [...two(980, 120), ...two(980, 120), { pitch: 980, ms: 120 }],
	bell: [{ pitch: 1320, ms: 500 }],
	siren: [{ pitch: 500, to: 1000, ms: 600 }, { pitch: 1000, to: 500, ms: 600 }, { pitch: 500, to: 1000, ms: 600 }, { pitch: 1000, to: 500, ms: 600 }]
};

export function lengthMs(tone: Tone): number {
	return melodies[tone].reduce((sum, { ms }) => sum + ms, 0);
}

const edgeS = 0.012;
const loudness = 0.22;

export function play(context: AudioContext, tone: Tone): void {
	let at = context.currentTime + 0.02;
	for (const { pitch, ms, to } of melodies[tone]) {
		const end = at + ms / 1000;
		if (pitch > 0) {
			const oscillator = context.createOscillator();
			const volume = context.createGain();
			oscillator.type = tone === 'bell' || tone === 1 ? 'sine' : 'triangle';
			oscillator.frequency.setValueAtTime(pitch, at);
			if (to) oscillator.frequency.linearRampToValueAtTime(to, end);
			// Soft edges: a tone that is cut off clicks.
			volume.gain.setValueAtTime(0, at);
			volume.gain.linearRampToValueAtTime(loudness, at + edgeS);
			volume.gain.setValueAtTime(loudness, Math.max(at + edgeS, end - edgeS));
			volume.gain.linearRampToValueAtTime(0, end);
			oscillator.connect(volume).connect(context.destination);
			oscillator.start(at);
			oscillator.stop(end);
		}
		at = end;
	}
}
