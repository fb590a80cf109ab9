/** What goes on at a camera, from its events. Pure. */
import type { CameraEventView } from '$lib/api';

export interface Going {
	kind: string;
	/** What tells it from another of its kind. */
	key: string;
	/** When it is over even if nobody says so, UTC milliseconds. */
	until: number;
}

const pulseMs = 3000;
/** An end that was lost on the way must not be shown for ever. */
const longestMs = 120_000;
/** States of wires and disks are not what a picture shows. */
const unseen = new Set(['digital_input', 'relay', 'storage_failed', 'other']);
const gravity = ['signal_lost', 'tampering', 'line_crossed', 'area_entered', 'person', 'face', 'vehicle', 'animal', 'package', 'sound', 'motion'];

export function noticed(going: readonly Going[], event: Pick<CameraEventView, 'kind' | 'state' | 'source' | 'rule' | 'topic'>, now: number): Going[] {
	const key = [event.kind, event.source, event.rule, event.topic].join(' ');
	const others = going.filter((one) => one.key !== key && one.until > now);
	if (unseen.has(event.kind) || event.state === 'off') return others;
	return [...others, { kind: event.kind, key, until: now + (event.state === 'pulse' ? pulseMs : longestMs) }];
}

export function foremost(going: readonly Going[]): string | undefined {
	const rank = (kind: string) => (gravity.includes(kind) ? gravity.indexOf(kind) : gravity.length);
	return [...going].sort((a, b) => rank(a.kind) - rank(b.kind))[0]?.kind;
}
