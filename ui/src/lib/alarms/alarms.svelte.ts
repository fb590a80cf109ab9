/**
 * The site's open alarms wherever something is shown of them: how many, the newest ones, and each change as it comes. Fed
 * by the notify socket and by the answers to what is done here; holds fifty at most, the room reads the rest.
 */
import { api, type AlarmPolicyView, type AlarmSummary, type AlarmView, type NotifyServerMessage } from '$lib/api';
import { isOpen, worstNew } from './level';
import { newestFirst } from './order';

const most = 50;

export interface Heard {
	alarms: readonly AlarmView[];
	/** How those that were known stood before. */
	before: ReadonlyMap<number, AlarmView>;
	/** All of them were told anew: what is in it need not be new. */
	isSnapshot: boolean;
}
type Listener = (heard: Heard) => void;

class Alarms {
	/** Undefined until the site said it. */
	summary = $state.raw<AlarmSummary>();
	/** Open ones, newest first. */
	newest = $state.raw<AlarmView[]>([]);
	policy = $state.raw<AlarmPolicyView>();
	/** A rule wants this to be heard. */
	wanted = $state.raw<{ sound: string; level: number; sequence: number }>();
	/** A channel wants this to be shown beside the page. */
	notice = $state.raw<{ title: string; text: string; level: number; alarm_id?: number | null; sequence: number }>();
	readonly worst = $derived(worstNew(this.newest));
	/** The worst alarm of each camera that nobody acknowledged. */
	readonly byCamera = $derived.by(() => {
		const worst: Record<number, AlarmView> = {};
		for (const alarm of this.newest) {
			if (alarm.state !== 'new' || !alarm.camera_id) continue;
			const held = worst[alarm.camera_id];
			if (!held || held.level < alarm.level) worst[alarm.camera_id] = alarm;
		}
		return worst;
	});
	#listeners: Listener[] = [];

	get count(): number {
		return this.summary?.new ?? 0;
	}

	/** Calls back on every change until the function it gives is called. */
	listen(listener: Listener): () => void {
		this.#listeners = [...this.#listeners, listener];
		return () => (this.#listeners = this.#listeners.filter((one) => one !== listener));
	}

	/** Takes a message of the socket; others are not ours. */
	hear(said: NotifyServerMessage): void {
		if (said.type === 'alarm_sound') {
			this.wanted = { sound: said.sound, level: said.level, sequence: said.sequence };
		} else if (said.type === 'alarm_notice') {
			this.notice = said;
		} else if (said.type === 'alarms_snapshot' || said.type === 'alarms_changed') {
			this.summary = said.summary;
			this.#take(said.alarms, said.type === 'alarms_snapshot');
		}
	}

	/** What an act here came to; the socket says it again, and of a version that is known already. */
	changed(alarms: readonly AlarmView[]): void {
		this.#take(alarms, false);
	}

	async loadPolicy(): Promise<void> {
		const answer = await api.get<AlarmPolicyView>('/alarm-policy');
		if (answer.kind === 'ok') this.policy = answer.value;
	}

	clear(): void {
		this.summary = undefined;
		this.newest = [];
		this.policy = undefined;
		this.wanted = undefined;
		this.notice = undefined;
	}

	#take(alarms: readonly AlarmView[], isSnapshot: boolean): void {
		const before = new Map(this.newest.map((alarm) => [alarm.id, alarm]));
		const current = alarms.filter((alarm) => alarm.version >= (before.get(alarm.id)?.version ?? 0));
		const told = new Map(current.map((alarm) => [alarm.id, alarm]));
		const kept = isSnapshot ? [] : this.newest.filter(({ id }) => !told.has(id));
		this.newest = [...current.filter(isOpen), ...kept].sort(newestFirst).slice(0, most);
		for (const listener of this.#listeners) listener({ alarms: current, before, isSnapshot });
	}
}

export const alarms = new Alarms();
