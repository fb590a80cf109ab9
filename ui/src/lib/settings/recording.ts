export interface PlanView {
	path: string;
	enabled: boolean;
	mode: string;
	volume?: string | null;
	retention_days: number;
	segment_minutes: number;
	audio: boolean;
	version: number;
	applied_at?: number | null;
	running: string;
	running_code?: string | null;
	last_fragment_at?: number | null;
}

export interface VolumeView {
	code: string;
	name: string;
	root: string;
	kind: string;
	state: string;
	code_reason?: string | null;
	total_bytes: number;
	free_bytes: number;
	recorded_bytes: number;
	high_watermark_percent: number;
	low_watermark_percent: number;
	oldest_at?: number | null;
	full_in_days?: number | null;
}

export interface SettingsView {
	site_name: string;
	default_language: string;
	stale_after_ms: number;
	version: number;
}

export interface SystemView {
	version: string;
	started_at: number;
	now: number;
	time_zone: string;
	cameras: number;
	cameras_live: number;
	recording: number;
	not_recording: number;
	viewers: number;
	transcodes: number;
	notices: { code: string; params: Record<string, string>; since: number }[];
	missing_plugins: { element: string; package: string }[];
}
