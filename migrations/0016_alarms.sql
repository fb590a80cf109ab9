-- Alarms: what happened, what people did about it, what has to be told to whom.

CREATE TABLE alarms (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    source      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    -- What it is about where that is no camera.
    subject     TEXT NOT NULL DEFAULT '',
    camera_id   INTEGER REFERENCES cameras (id) ON DELETE SET NULL,
    camera_name TEXT,
    task_id     INTEGER,
    level       INTEGER NOT NULL,
    escalated   INTEGER NOT NULL DEFAULT 0,
    first_ms    INTEGER NOT NULL,
    last_ms     INTEGER NOT NULL,
    count       INTEGER NOT NULL DEFAULT 1,
    -- JSON: what its texts are made with.
    params      TEXT NOT NULL,
    confidence  REAL,
    -- JSON: boxes of an AI engine.
    objects     TEXT,
    snapshot    TEXT,
    -- none, pending, ready, unavailable.
    clip        TEXT NOT NULL DEFAULT 'none',
    clip_reason TEXT,
    clip_path   TEXT,
    clip_from   INTEGER,
    clip_to     INTEGER,
    -- In the data folder, when the camera is not recorded.
    clip_file   TEXT,
    state       TEXT NOT NULL DEFAULT 'new',
    owner       TEXT,
    verdict     TEXT,
    deadline_ms INTEGER,
    close_ms    INTEGER,
    changed_ms  INTEGER NOT NULL,
    version     INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX alarms_by_time ON alarms (last_ms, id);
CREATE INDEX alarms_of_camera ON alarms (camera_id, last_ms);
CREATE INDEX alarms_open ON alarms (state, last_ms) WHERE state IN ('new', 'acknowledged', 'in_progress');
CREATE INDEX alarms_due ON alarms (deadline_ms) WHERE state = 'new' AND deadline_ms IS NOT NULL AND escalated = 0;
CREATE INDEX alarms_to_close ON alarms (close_ms) WHERE state IN ('new', 'acknowledged') AND close_ms IS NOT NULL;
CREATE INDEX alarms_with_pending_clip ON alarms (clip_to) WHERE clip = 'pending';

CREATE TABLE alarm_history (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    alarm_id INTEGER NOT NULL REFERENCES alarms (id) ON DELETE CASCADE,
    at_ms    INTEGER NOT NULL,
    -- NULL when the site did it.
    who      TEXT,
    what     TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT,
    note     TEXT
) STRICT;
CREATE INDEX alarm_history_of ON alarm_history (alarm_id, id);

-- Recordings of alarms nobody acknowledged yet are locked like evidence, and not shown among it.
ALTER TABLE evidence_locks ADD COLUMN alarm_id INTEGER;
CREATE INDEX evidence_locks_of_alarms ON evidence_locks (alarm_id) WHERE alarm_id IS NOT NULL AND ended_at IS NULL;

-- When the alarms of a task are told; NULL as their level has it.
ALTER TABLE ai_tasks ADD COLUMN push TEXT;

CREATE TABLE alarm_rules (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    enabled    INTEGER NOT NULL,
    -- JSON.
    matches    TEXT NOT NULL,
    actions    TEXT NOT NULL,
    rest_s     INTEGER NOT NULL,
    fired_ms   INTEGER,
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE push_channels (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    enabled    INTEGER NOT NULL,
    language   TEXT NOT NULL,
    -- JSON.
    settings   TEXT NOT NULL,
    -- JSON, sealed.
    secrets    BLOB NOT NULL,
    per_minute INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE push_routes (
    route      TEXT NOT NULL,
    channel_id INTEGER NOT NULL REFERENCES push_channels (id) ON DELETE CASCADE,
    PRIMARY KEY (route, channel_id)
) STRICT, WITHOUT ROWID;

-- What has happened since it was told last, for each bucket of each policy.
CREATE TABLE push_buckets (
    bucket   TEXT PRIMARY KEY,
    count    INTEGER NOT NULL,
    -- When the first of these came.
    since_ms INTEGER,
    -- When the last push was decided.
    told_ms  INTEGER,
    -- JSON: the policy, and what is to be told at the end of a window.
    waiting  TEXT,
    alarm_id INTEGER
) STRICT, WITHOUT ROWID;

-- Written with the alarm; gone when it was sent, refused or given up.
CREATE TABLE push_outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id INTEGER NOT NULL REFERENCES push_channels (id) ON DELETE CASCADE,
    -- The same at each attempt.
    key        TEXT NOT NULL,
    alarm_id   INTEGER REFERENCES alarms (id) ON DELETE SET NULL,
    -- JSON: what is told.
    content    TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX push_outbox_of ON push_outbox (channel_id, id);

CREATE TABLE push_log (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    channel    TEXT NOT NULL,
    target     TEXT NOT NULL,
    alarm_id   INTEGER,
    content    TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    outcome    TEXT NOT NULL,
    status     INTEGER,
    response   TEXT,
    took_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX push_log_of_channel ON push_log (channel_id, id);
CREATE INDEX push_log_of_alarm ON push_log (alarm_id, id);
