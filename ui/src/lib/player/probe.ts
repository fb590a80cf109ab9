/**
 * What this browser really plays, found by decoding a few frames once per page: `isTypeSupported` promises what
 * some browsers cannot keep. Remembered for the browser version, so that the next page starts at once.
 */
import { parseFragment, parseInit } from './fmp4';
import { probeSamples } from './probe_samples';

export type VideoCodec = keyof typeof probeSamples;

export interface Abilities {
	mse: VideoCodec[];
	webcodecs: VideoCodec[];
	/** Of `aac`, `flac`, `opus`. */
	audio: string[];
}

const key = 'watchwall.abilities.1';
const deadlineMs = 3000;
let found: Promise<Abilities> | undefined;

export function abilities(): Promise<Abilities> {
	found ??= remembered() ?? measure();
	return found;
}

/** The `codecs` parameter of the live endpoint. Single JPEG pictures need no decoder of ours. */
export function codecList(can: Abilities, way: 'mse' | 'webcodecs'): string {
	return [...can[way], 'mjpeg', ...can.audio].join(',');
}

function remembered(): Promise<Abilities> | undefined {
	try {
		const held = JSON.parse(localStorage.getItem(key) ?? 'null') as { agent: string; can: Abilities } | null;
		if (held?.agent === navigator.userAgent && held.can.mse.length + held.can.webcodecs.length > 0) return Promise.resolve(held.can);
	} catch {
		// No storage: measure.
	}
	return undefined;
}

async function measure(): Promise<Abilities> {
	const codecs = Object.keys(probeSamples) as VideoCodec[];
	const [mse, webcodecs] = await Promise.all([
		Promise.all(codecs.map(async (codec) => ((await decodesInMse(codec)) ? codec : undefined))),
		Promise.all(codecs.map(async (codec) => ((await decodesInWebCodecs(codec)) ? codec : undefined)))
	]);
	const can: Abilities = {
		mse: mse.filter((one) => one !== undefined),
		webcodecs: webcodecs.filter((one) => one !== undefined),
		audio: audioCodecs()
	};
	try {
		localStorage.setItem(key, JSON.stringify({ agent: navigator.userAgent, can }));
	} catch {
		// Measured again next time.
	}
	return can;
}

export function mediaSourceClass(): typeof MediaSource | undefined {
	return window.ManagedMediaSource ?? window.MediaSource;
}

function audioCodecs(): string[] {
	const source = mediaSourceClass();
	const names = { aac: 'mp4a.40.2', flac: 'flac', opus: 'opus' };
	return Object.entries(names)
		.filter(([, codec]) => source?.isTypeSupported(`audio/mp4; codecs="${codec}"`))
		.map(([name]) => name);
}

function bytesOf(codec: VideoCodec): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(atob(probeSamples[codec]), (letter) => letter.charCodeAt(0));
}

function withDeadline(work: (done: (ok: boolean) => void) => () => void): Promise<boolean> {
	return new Promise((resolve) => {
		let end: (() => void) | undefined;
		let isOver = false;
		const done = (ok: boolean) => {
			if (isOver) return;
			isOver = true;
			clearTimeout(timer);
			end?.();
			resolve(ok);
		};
		const timer = setTimeout(() => done(false), deadlineMs);
		try {
			end = work(done);
			if (isOver) end();
		} catch {
			done(false);
		}
	});
}

async function decodesInWebCodecs(codec: VideoCodec): Promise<boolean> {
	if (typeof VideoDecoder === 'undefined') return false;
	const bytes = bytesOf(codec);
	const track = parseInit(bytes)[0];
	if (!track?.description) return false;
	const config: VideoDecoderConfig = { codec: track.codec, description: track.description, optimizeForLatency: true };
	try {
		if (!(await VideoDecoder.isConfigSupported(config)).supported) return false;
	} catch {
		return false;
	}
	return withDeadline((done) => {
		const decoder = new VideoDecoder({
			output: (frame) => {
				const isPicture = frame.displayWidth === 192 && frame.displayHeight === 128;
				frame.close();
				done(isPicture);
			},
			error: () => done(false)
		});
		decoder.configure(config);
		for (const [index, sample] of parseFragment(bytes).entries()) {
			decoder.decode(new EncodedVideoChunk({ type: sample.isKey ? 'key' : 'delta', timestamp: index * 66_667, data: sample.data }));
		}
		return () => {
			if (decoder.state !== 'closed') decoder.close();
		};
	});
}

async function decodesInMse(codec: VideoCodec): Promise<boolean> {
	const Source = mediaSourceClass();
	const bytes = bytesOf(codec);
	const track = parseInit(bytes)[0];
	if (!Source || !track) return false;
	const mime = `video/mp4; codecs="${track.codec}"`;
	if (!Source.isTypeSupported(mime)) return false;
	return withDeadline((done) => {
		const video = document.createElement('video');
		video.muted = true;
		video.disableRemotePlayback = true;
		const source = new Source();
		const url = URL.createObjectURL(source);
		video.onloadeddata = () => done(video.videoWidth === 192);
		video.onerror = () => done(false);
		source.onsourceopen = () => {
			try {
				source.addSourceBuffer(mime).appendBuffer(bytes);
			} catch {
				done(false);
			}
		};
		video.src = url;
		return () => {
			video.removeAttribute('src');
			video.load();
			URL.revokeObjectURL(url);
		};
	});
}
