/** Wire types of the API; field meanings stand in the API document. */
export interface UserView {
	id: number;
	name: string;
	role: string;
	rights: string[];
	enabled: boolean;
	language?: string | null;
	created_at: number;
	version: number;
}

export interface SessionState {
	setup_needed: boolean;
	user?: UserView | null;
	site_name: string;
	version: string;
	now: number;
	stale_after_ms: number;
	time_zone: string;
	default_language: string;
}

export interface LoginAnswer {
	user: UserView;
	token?: string;
}

export interface SessionView {
	id: number;
	user_id: number;
	user_name: string;
	address: string;
	agent: string;
	created_at: number;
	last_seen_at: number;
	is_current: boolean;
	kind: string;
}

export interface FactsView {
	video?: string | null;
	video_codec_string?: string | null;
	width: number;
	height: number;
	frame_rate: number;
	gop_ms?: number | null;
	has_b_frames: boolean;
	audio?: string | null;
	audio_sample_rate?: number | null;
}

export interface StreamStatus {
	phase: string;
	code?: string;
	detail?: string;
	retry_at?: number;
	since: number;
	reconnects: number;
	viewers: number;
	recording: string;
	recording_code?: string;
	bitrate_kbps: number;
	frame_rate: number;
	source?: string;
}

export interface StreamView {
	path: string;
	role: string;
	url: string;
	engine: string;
	transport: string;
	facts?: FactsView | null;
	status: StreamStatus;
}

export interface CameraView {
	id: number;
	name: string;
	host: string;
	channel: number;
	group_id?: number | null;
	enabled: boolean;
	username?: string | null;
	has_password: boolean;
	streams: StreamView[];
	version: number;
	created_at: number;
}

export interface GroupView {
	id: number;
	name: string;
	parent_id?: number | null;
	version: number;
}

export interface TileView {
	column: number;
	row: number;
	column_span: number;
	row_span: number;
	camera_id?: number | null;
}

export interface GridView {
	columns: number;
	rows: number;
	tiles: TileView[];
}

export interface LayoutView {
	id: number;
	name: string;
	owner_id: number;
	shared: boolean;
	grid: GridView;
	version: number;
}

export interface CameraStreamStatus extends StreamStatus {
	path: string;
	role: string;
}

export interface CameraStatus {
	camera_id: number;
	streams: CameraStreamStatus[];
}

export type NotifyServerMessage =
	| { type: 'cameras_snapshot'; sequence: number; cameras: CameraStatus[] }
	| { type: 'cameras_changed'; sequence: number; cameras: CameraStatus[] }
	| { type: 'edited'; sequence: number; what: string }
	| { type: 'heartbeat'; sequence: number; now: number };
