/**
 * Mirrors the API of alarms, push and rules until the generated types have it; then this file goes. Times are UTC
 * milliseconds. What a field means stands in the API document.
 */
import type { ApiPath } from '$lib/api';
import type { components } from '$lib/api/schema';

export type AiObject = components['schemas']['AiObjectView'];

export type AlarmState = 'new' | 'acknowledged' | 'in_progress' | 'resolved' | 'auto_closed';
export type Verdict = 'real' | 'false' | 'test';

export interface BothLanguages {
	en: string;
	zh_cn: string;
}

export interface AlarmClipView {
	state: 'none' | 'pending' | 'ready' | 'unavailable';
	/** A code of the error catalogue. */
	reason?: string | null;
	path?: string | null;
	from?: number | null;
	to?: number | null;
}

export interface AlarmView {
	id: number;
	source: string;
	kind: string;
	/** 1 to 4. */
	level: number;
	is_escalated: boolean;
	camera_id?: number | null;
	camera_name?: string | null;
	group_id?: number | null;
	task_id?: number | null;
	first_at: number;
	last_at: number;
	count: number;
	title: BothLanguages;
	text: BothLanguages;
	params: Record<string, string>;
	confidence?: number | null;
	objects: AiObject[];
	has_picture: boolean;
	clip: AlarmClipView;
	related_cameras: number[];
	state: AlarmState;
	owner?: string | null;
	verdict?: string | null;
	deadline?: number | null;
	is_overdue: boolean;
	version: number;
}

export interface AlarmHistoryView {
	at: number;
	by?: string | null;
	what: string;
	from?: string | null;
	to?: string | null;
	note?: string | null;
}

export interface AlarmDetail {
	alarm: AlarmView;
	history: AlarmHistoryView[];
	pushes: PushLogView[];
}

export interface AlarmSummary {
	new: number;
	acknowledged: number;
	in_progress: number;
	overdue: number;
	/** Levels 1 to 4. */
	open_by_level: number[];
}

export interface AlarmsChanged {
	alarms: AlarmView[];
	refused: number[];
}

export type PushMode = 'OFF' | 'IMMEDIATE' | 'COUNT' | 'WINDOW' | 'COUNT_OR_WINDOW' | 'LEVEL_DEFAULT';

export interface PushPolicyView {
	mode: PushMode;
	count: number;
	window_s: number;
	cooldown_s: number;
	route?: string | null;
}

export interface LevelPolicyView {
	level: number;
	push: PushPolicyView;
	deadline_s: number;
	auto_close_s: number;
	sound: boolean;
}

export interface AlarmPolicyView {
	levels: LevelPolicyView[];
	repeat_s: number;
	clip_before_s: number;
	clip_after_s: number;
	protect_gb: number;
	version: number;
}

export interface PushLogView {
	id: number;
	at: number;
	channel_id: number;
	channel_name: string;
	target: string;
	alarm_id?: number | null;
	content: string;
	attempt: number;
	outcome: string;
	status?: number | null;
	response?: string | null;
	took_ms: number;
}

export interface PushChannelView {
	id: number;
	name: string;
	kind: string;
	enabled: boolean;
	language: string;
	settings: Record<string, string>;
	secrets: string[];
	per_minute: number;
	health: {
		state: 'idle' | 'ok' | 'failing';
		waiting: number;
		last_sent_at?: number | null;
		last_failed_at?: number | null;
		last_error?: string | null;
	};
	version: number;
}

export interface NewPushChannel {
	name: string;
	kind: string;
	language: string;
	settings: Record<string, string>;
	secrets: Record<string, string>;
	per_minute: number;
	enabled: boolean;
}

export interface PushTest {
	is_sent: boolean;
	status?: number | null;
	response?: string | null;
	took_ms: number;
}

export interface PushRouteView {
	key: string;
	channel_ids: number[];
}

export interface PushRoutesView {
	routes: PushRouteView[];
	/** Of all of them together. */
	version: number;
}

export interface RuleMatch {
	source?: string | null;
	kinds: string[];
	camera_ids: number[];
	group_ids: number[];
	level?: number | null;
	labels: string[];
	schedule?: string[] | null;
	arming: string[];
}

export type RuleAction =
	| { do: 'raise_alarm'; level: number }
	| { do: 'suppress' }
	| { do: 'record'; seconds: number }
	| { do: 'push'; route: string }
	| { do: 'show'; camera_id?: number | null; seconds: number }
	| { do: 'preset'; camera_id?: number | null; preset: string }
	| { do: 'relay'; camera_id?: number | null; relay: string; on: boolean }
	| { do: 'sound'; sound: string }
	| { do: 'http'; url: string }
	| { do: 'bookmark'; text: string };

export interface NewAlarmRule {
	name: string;
	when: RuleMatch;
	then: RuleAction[];
	rest_s: number;
	enabled: boolean;
}

export interface AlarmRuleView extends NewAlarmRule {
	id: number;
	last_fired_at?: number | null;
	version: number;
}

export interface RuleTrialView {
	fired: number;
	looked_at: number;
	is_cut: boolean;
	examples: { at: number; source: string; kind: string; camera_id?: number | null; level?: number | null }[];
}

export type ArmingMode = 'day' | 'night' | 'holiday';

export interface ArmingView {
	mode: ArmingMode;
	manual?: string | null;
	manual_until?: number | null;
	schedule: string[];
	holidays: string[];
	version: number;
}

/** What the notify socket says of alarms. */
export type AlarmMessage =
	| { type: 'alarms_snapshot' | 'alarms_changed'; sequence: number; summary: AlarmSummary; alarms: AlarmView[] }
	| { type: 'alarm_sound'; sequence: number; sound: string; level: number }
	| { type: 'alarm_notice'; sequence: number; title: string; text: string; level: number; alarm_id?: number | null };

/** A path that the generated document does not have yet. */
export function at(path: string): ApiPath {
	return path as ApiPath;
}
