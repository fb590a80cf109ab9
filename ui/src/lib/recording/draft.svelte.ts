/** A plan as the dialog changes it: all of it for one stream, chosen parts for several. */
import { SvelteSet } from 'svelte/reactivity';
import type { PlanPatch, PlanView } from '$lib/api';
import { uniform, type Week } from './schedule';

export type Mode = 'continuous' | 'schedule' | 'event';
export type Part = 'when' | 'events' | 'keep' | 'files';

export const modes: readonly Mode[] = ['continuous', 'schedule', 'event'];
export const parts: readonly Part[] = ['when', 'events', 'keep', 'files'];
export const eventKinds = ['motion', 'line_crossed', 'area_entered', 'person', 'vehicle', 'animal', 'face', 'package', 'sound', 'tampering', 'signal_lost', 'digital_input', 'relay'] as const;
const gigabyte = 1_000_000_000;

export class PlanDraft {
	enabled = $state(true);
	mode = $state<Mode>('continuous');
	week = $state.raw<Week>(uniform('c'));
	/** Numbers are null while their field is empty. */
	pre = $state<number | null>(10);
	post = $state<number | null>(30);
	readonly kinds = new SvelteSet<string>(['motion', 'line_crossed', 'area_entered', 'person', 'vehicle', 'digital_input']);
	retention = $state<number | null>(7);
	minimum = $state<number | null>(null);
	quotaGb = $state<number | null>(null);
	volume = $state('auto');
	minutes = $state<number | null>(10);
	audio = $state(true);
	mirror = $state(false);
	/** What is changed. */
	readonly chosen = new SvelteSet<Part>();

	/** `plan` is what the fields begin with. */
	constructor(plan: PlanView | undefined, isBulk: boolean) {
		if (!isBulk) for (const part of parts) this.chosen.add(part);
		if (!plan) return;
		this.enabled = plan.enabled || isBulk;
		this.mode = plan.mode as Mode;
		this.week = plan.schedule;
		this.pre = plan.pre_event_seconds;
		this.post = plan.post_event_seconds;
		this.kinds.clear();
		for (const kind of plan.event_kinds) this.kinds.add(kind);
		this.retention = plan.retention_days;
		this.minimum = plan.minimum_days ?? null;
		this.quotaGb = plan.quota_bytes ? plan.quota_bytes / gigabyte : null;
		this.volume = plan.volume ?? 'auto';
		this.minutes = plan.segment_minutes;
		this.audio = plan.audio;
		this.mirror = plan.mirror;
	}

	/** It records at some time only around events. */
	get awaitsEvents(): boolean {
		return this.mode === 'event' || (this.mode === 'schedule' && this.week.some((day) => day.includes('e')));
	}

	get patch(): PlanPatch {
		const number = (value: number | null) => value ?? 0;
		return {
			...(this.chosen.has('when') ? { enabled: this.enabled, mode: this.mode, ...(this.mode === 'schedule' ? { schedule: [...this.week] } : {}) } : {}),
			...(this.chosen.has('events') ? { pre_event_seconds: number(this.pre), post_event_seconds: number(this.post), event_kinds: [...this.kinds] } : {}),
			...(this.chosen.has('keep') ? { retention_days: number(this.retention), minimum_days: number(this.minimum), quota_bytes: Math.round(number(this.quotaGb) * gigabyte) } : {}),
			...(this.chosen.has('files') ? { volume: this.volume, segment_minutes: number(this.minutes), audio: this.audio, mirror: this.mirror } : {})
		};
	}
}
