-- Times are UTC milliseconds. A camera's recordings are keyed by stream path, so that they outlive the camera's row.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE camera_groups (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL,
    parent_id INTEGER REFERENCES camera_groups (id) ON DELETE SET NULL,
    version   INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE cameras (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    host       TEXT NOT NULL,
    channel    INTEGER NOT NULL,
    group_id   INTEGER REFERENCES camera_groups (id) ON DELETE SET NULL,
    enabled    INTEGER NOT NULL DEFAULT 1,
    username   TEXT,
    -- Sealed with the site's key, never plain.
    password   BLOB,
    version    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    UNIQUE (host, channel)
) STRICT;
CREATE INDEX cameras_by_name ON cameras (name COLLATE NOCASE, id);

CREATE TABLE streams (
    path      TEXT PRIMARY KEY NOT NULL,
    camera_id INTEGER NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    role      TEXT NOT NULL CHECK (role IN ('main', 'sub')),
    url       TEXT NOT NULL,
    engine    TEXT NOT NULL,
    transport TEXT NOT NULL,
    -- JSON of what the last successful probe saw.
    facts     TEXT,
    UNIQUE (camera_id, role)
) STRICT;

CREATE TABLE plans (
    path            TEXT PRIMARY KEY NOT NULL,
    enabled         INTEGER NOT NULL,
    mode            TEXT NOT NULL,
    volume          TEXT,
    retention_days  INTEGER NOT NULL,
    segment_minutes INTEGER NOT NULL CHECK (segment_minutes BETWEEN 1 AND 60),
    audio           INTEGER NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1,
    applied_at      INTEGER
) STRICT;

CREATE TABLE volumes (
    code                   TEXT PRIMARY KEY NOT NULL,
    marker                 TEXT NOT NULL UNIQUE,
    name                   TEXT NOT NULL,
    root                   TEXT NOT NULL UNIQUE,
    kind                   TEXT NOT NULL,
    high_watermark_percent REAL NOT NULL,
    low_watermark_percent  REAL NOT NULL,
    priority               INTEGER NOT NULL
) STRICT;

CREATE TABLE segments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    path        TEXT NOT NULL,
    volume      TEXT NOT NULL,
    file        TEXT NOT NULL,
    start_ms    INTEGER NOT NULL,
    end_ms      INTEGER NOT NULL,
    size_bytes  INTEGER NOT NULL,
    video_codec TEXT NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    has_audio   INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('recording', 'complete', 'recovered', 'missing')),
    locked      INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1)),
    -- Marked for deletion; the file goes first, then the row.
    deleting    INTEGER NOT NULL DEFAULT 0 CHECK (deleting IN (0, 1)),
    init_bytes  INTEGER NOT NULL,
    fragments   BLOB NOT NULL DEFAULT x'',
    UNIQUE (volume, file)
) STRICT;
-- Covers the timeline: no row is touched for coverage.
CREATE INDEX segments_by_path ON segments (path, start_ms, end_ms, state, deleting);
CREATE INDEX segments_oldest ON segments (volume, start_ms) WHERE locked = 0 AND deleting = 0 AND state <> 'recording';
-- Covers the totals of a volume.
CREATE INDEX segments_sizes ON segments (volume, start_ms, size_bytes, state) WHERE state IN ('complete', 'recovered');
CREATE INDEX segments_open ON segments (volume) WHERE state = 'recording';
CREATE INDEX segments_deleting ON segments (volume) WHERE deleting = 1;

CREATE TABLE recording_events (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    path   TEXT NOT NULL,
    at_ms  INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX recording_events_by_path ON recording_events (path, at_ms);

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    -- The name in lower case of every script; SQLite folds only ASCII.
    name_key      TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL CHECK (role IN ('administrator', 'installer', 'operator', 'viewer', 'service')),
    enabled       INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    language      TEXT,
    password_hash TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the token; the token itself is never stored.
    token_hash   BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    kind         TEXT NOT NULL,
    address      TEXT NOT NULL,
    agent        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE layouts (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    shared   INTEGER NOT NULL,
    grid     TEXT NOT NULL,
    version  INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Append-only; each row's hash covers the one before.
CREATE TABLE audit (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms     INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    address   TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    old       TEXT,
    new       TEXT,
    hash      BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
