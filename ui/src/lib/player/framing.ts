/** The 16-byte header in front of every binary message of the live and playback sockets; big-endian. */
export const headerBytes = 16;

export type MessageKind = 'init' | 'video' | 'audio' | 'jpeg';

export interface Frame {
	kind: MessageKind;
	isKey: boolean;
	isDiscontinuity: boolean;
	isAudio: boolean;
	/** Decode, do not show: it lies before the moment asked for. */
	isBeforeTarget: boolean;
	sequence: number;
	/** Capture time on the site's clock, UTC milliseconds with fractions. */
	captureMs: number;
	body: Uint8Array<ArrayBuffer>;
}

const kinds: readonly (MessageKind | undefined)[] = [undefined, 'init', 'video', 'audio', 'jpeg'];

/** Undefined for a message of a kind this player does not know; such a message is skipped. */
export function parseFrame(message: ArrayBuffer): Frame | undefined {
	if (message.byteLength < headerBytes) return undefined;
	const view = new DataView(message);
	const kind = kinds[view.getUint8(0)];
	if (!kind) return undefined;
	const flags = view.getUint8(1);
	return {
		kind,
		isKey: (flags & 1) !== 0,
		isDiscontinuity: (flags & 2) !== 0,
		isAudio: (flags & 4) !== 0 || kind === 'audio',
		isBeforeTarget: (flags & 8) !== 0,
		sequence: view.getUint32(4),
		captureMs: Number(view.getBigInt64(8)) / 1000,
		body: new Uint8Array(message, headerBytes)
	};
}
