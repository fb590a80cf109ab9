/**
 * Just enough of ISO/IEC 14496-12 to take single frames out of the fragments the site sends, for WebCodecs,
 * and to know on which media time a fragment lies, for the live age.
 */
export interface Track {
	/** `video` or `audio`. */
	handler: 'video' | 'audio';
	timescale: number;
	/** RFC 6381 string, for example `avc1.4d401f`. */
	codec: string;
	/** Body of avcC or hvcC: what a decoder wants as description. */
	description?: Uint8Array<ArrayBuffer>;
}

export interface Sample {
	/** Presentation time in timescale units. */
	time: number;
	isKey: boolean;
	data: Uint8Array<ArrayBuffer>;
}

type Bytes = Uint8Array<ArrayBuffer>;

interface Box {
	type: string;
	/** Where the body starts and ends in the bytes searched. */
	start: number;
	end: number;
}

function* boxes(view: DataView, from: number, to: number): Generator<Box> {
	let at = from;
	while (at + 8 <= to) {
		let size = view.getUint32(at);
		let header = 8;
		if (size === 1 && at + 16 <= to) {
			size = Number(view.getBigUint64(at + 8));
			header = 16;
		} else if (size === 0) size = to - at;
		if (size < header || at + size > to) return;
		yield { type: fourCc(view, at + 4), start: at + header, end: at + size };
		at += size;
	}
}

function find(view: DataView, from: number, to: number, ...path: string[]): Box | undefined {
	let range: Box | undefined = { type: '', start: from, end: to };
	for (const name of path) {
		let found: Box | undefined;
		for (const box of boxes(view, range.start, range.end)) {
			if (box.type === name) {
				found = box;
				break;
			}
		}
		if (!found) return undefined;
		range = found;
	}
	return range;
}

function fourCc(view: DataView, at: number): string {
	return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

function viewOf(bytes: Bytes): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The tracks of an initialisation segment. */
export function parseInit(bytes: Bytes): Track[] {
	const view = viewOf(bytes);
	const moov = find(view, 0, bytes.byteLength, 'moov');
	if (!moov) return [];
	const tracks: Track[] = [];
	for (const trak of boxes(view, moov.start, moov.end)) {
		if (trak.type !== 'trak') continue;
		const mdhd = find(view, trak.start, trak.end, 'mdia', 'mdhd');
		const hdlr = find(view, trak.start, trak.end, 'mdia', 'hdlr');
		const stsd = find(view, trak.start, trak.end, 'mdia', 'minf', 'stbl', 'stsd');
		if (!mdhd || !hdlr || !stsd) continue;
		const handler = fourCc(view, hdlr.start + 8) === 'soun' ? 'audio' : 'video';
		const timescale = view.getUint32(mdhd.start + (view.getUint8(mdhd.start) === 1 ? 20 : 12));
		for (const entry of boxes(view, stsd.start + 8, stsd.end)) tracks.push(sampleEntry(view, bytes, entry, handler, timescale));
	}
	return tracks;
}

function sampleEntry(view: DataView, bytes: Bytes, entry: Box, handler: Track['handler'], timescale: number): Track {
	if (handler === 'audio') {
		const codecs: Record<string, string> = { mp4a: 'mp4a.40.2', fLaC: 'flac', Opus: 'opus' };
		return { handler, timescale, codec: codecs[entry.type] ?? entry.type };
	}
	// VisualSampleEntry: 78 bytes, then boxes.
	for (const box of boxes(view, entry.start + 78, entry.end)) {
		const body = bytes.subarray(box.start, box.end);
		if (box.type === 'avcC') return { handler, timescale, codec: avcCodec(entry.type, body), description: body };
		if (box.type === 'hvcC') return { handler, timescale, codec: hevcCodec(entry.type, body), description: body };
	}
	return { handler, timescale, codec: entry.type };
}

const hex = (value: number) => value.toString(16).padStart(2, '0');

function avcCodec(entry: string, avcc: Bytes): string {
	return `${entry}.${hex(avcc[1] ?? 0)}${hex(avcc[2] ?? 0)}${hex(avcc[3] ?? 0)}`;
}

/** ISO/IEC 14496-15 annex E.3: profile, reversed compatibility flags, tier and level, constraint bytes. */
function hevcCodec(entry: string, hvcc: Bytes): string {
	const view = viewOf(hvcc);
	if (hvcc.byteLength < 13) return entry;
	const first = view.getUint8(1);
	const space = ['', 'A', 'B', 'C'][first >> 6] ?? '';
	let flags = view.getUint32(2);
	let reversed = 0;
	for (let bit = 0; bit < 32; bit++) {
		reversed = (reversed << 1) | (flags & 1);
		flags >>>= 1;
	}
	const constraints: string[] = [];
	for (let at = 6; at < 12; at++) constraints.push(view.getUint8(at).toString(16));
	while (constraints.length && constraints[constraints.length - 1] === '0') constraints.pop();
	const tier = first & 0x20 ? 'H' : 'L';
	return [entry, `${space}${first & 0x1f}`, (reversed >>> 0).toString(16), `${tier}${view.getUint8(12)}`, ...constraints].join('.');
}

/** The same initialisation segment with the tracks of one kind only; undefined when it has none. */
export function onlyTracks(bytes: Bytes, handler: Track['handler']): Bytes | undefined {
	const view = viewOf(bytes);
	const moov = find(view, 0, bytes.byteLength, 'moov');
	if (!moov) return undefined;
	// The boxes may stand in any order, so the tracks are looked at first.
	const kept = new Set<number>();
	const dropped = new Set<number>();
	for (const box of boxes(view, moov.start, moov.end)) {
		if (box.type !== 'trak') continue;
		const tkhd = find(view, box.start, box.end, 'tkhd');
		const hdlr = find(view, box.start, box.end, 'mdia', 'hdlr');
		if (!tkhd || !hdlr) continue;
		const isAudio = fourCc(view, hdlr.start + 8) === 'soun';
		if (isAudio === (handler === 'audio')) kept.add(view.getUint32(tkhd.start + (view.getUint8(tkhd.start) === 1 ? 20 : 12)));
		else dropped.add(box.start);
	}
	const parts: Bytes[] = [];
	const put = (box: Box, into: Bytes[]) => into.push(bytes.subarray(box.start - 8, box.end));
	for (const box of boxes(view, moov.start, moov.end)) {
		if (box.type === 'mvex') {
			const inner: Bytes[] = [];
			for (const one of boxes(view, box.start, box.end)) {
				if (one.type !== 'trex' || kept.has(view.getUint32(one.start + 4))) put(one, inner);
			}
			parts.push(container('mvex', inner));
		} else if (!dropped.has(box.start)) put(box, parts);
	}
	if (kept.size === 0) return undefined;
	return joined([bytes.subarray(0, moov.start - 8), container('moov', parts)]);
}

function container(type: string, parts: Bytes[]): Bytes {
	const body = joined(parts);
	const whole = new Uint8Array(8 + body.byteLength);
	viewOf(whole).setUint32(0, whole.byteLength);
	for (let at = 0; at < 4; at++) whole[4 + at] = type.charCodeAt(at);
	whole.set(body, 8);
	return whole;
}

function joined(parts: Bytes[]): Bytes {
	const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.byteLength;
	}
	return whole;
}

/** The samples of one fragment (moof + mdat) with one track; empty when it is none. */
export function parseFragment(bytes: Bytes): Sample[] {
	const view = viewOf(bytes);
	const moof = find(view, 0, bytes.byteLength, 'moof');
	const traf = moof && find(view, moof.start, moof.end, 'traf');
	if (!moof || !traf) return [];
	const tfhd = find(view, traf.start, traf.end, 'tfhd');
	const tfdt = find(view, traf.start, traf.end, 'tfdt');
	const trun = find(view, traf.start, traf.end, 'trun');
	const mdat = find(view, 0, bytes.byteLength, 'mdat');
	if (!tfhd || !tfdt || !trun || !mdat) return [];
	const defaults = parseTfhd(view, tfhd);
	let time = view.getUint8(tfdt.start) === 1 ? Number(view.getBigUint64(tfdt.start + 4)) : view.getUint32(tfdt.start + 4);

	const flags = view.getUint32(trun.start) & 0xffffff;
	const version = view.getUint8(trun.start);
	const count = view.getUint32(trun.start + 4);
	let at = trun.start + 8;
	// The moof's own start is what the data offset counts from; its header is 8 bytes.
	let offset = mdat.start;
	if (flags & 0x1) {
		offset = moof.start - 8 + view.getInt32(at);
		at += 4;
	}
	let firstFlags: number | undefined;
	if (flags & 0x4) {
		firstFlags = view.getUint32(at);
		at += 4;
	}
	const samples: Sample[] = [];
	for (let index = 0; index < count && at <= trun.end; index++) {
		const duration = flags & 0x100 ? view.getUint32((at += 4) - 4) : defaults.duration;
		const size = flags & 0x200 ? view.getUint32((at += 4) - 4) : defaults.size;
		const own = flags & 0x400 ? view.getUint32((at += 4) - 4) : index === 0 && firstFlags !== undefined ? firstFlags : defaults.flags;
		const shift = flags & 0x800 ? (version === 0 ? view.getUint32((at += 4) - 4) : view.getInt32((at += 4) - 4)) : 0;
		if (offset + size > bytes.byteLength) break;
		// sample_is_non_sync_sample is bit 16.
		samples.push({ time: time + shift, isKey: (own & 0x10000) === 0, data: bytes.subarray(offset, offset + size) });
		offset += size;
		time += duration;
	}
	return samples;
}

function parseTfhd(view: DataView, tfhd: Box): { duration: number; size: number; flags: number } {
	const flags = view.getUint32(tfhd.start) & 0xffffff;
	let at = tfhd.start + 8;
	const next = (flag: number, bytes: number): number => {
		if (!(flags & flag)) return 0;
		at += bytes;
		return bytes === 8 ? 0 : view.getUint32(at - 4);
	};
	next(0x1, 8);
	next(0x2, 4);
	return { duration: next(0x8, 4), size: next(0x10, 4), flags: next(0x20, 4) };
}

/** Presentation time of the first sample, in timescale units; undefined when the bytes hold no fragment. */
export function fragmentTime(bytes: Bytes): number | undefined {
	return parseFragment(bytes)[0]?.time;
}
