-- What is kept for proof: locks, bookmarks, cases, exports. Keyed by stream path like recordings, so that all of it
-- outlives a camera's row.

CREATE TABLE evidence_locks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    from_ms    INTEGER NOT NULL,
    -- May lie ahead: what is recorded inside the range later is locked too.
    to_ms      INTEGER NOT NULL CHECK (to_ms > from_ms),
    reason     TEXT NOT NULL,
    locked_by  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- When it ends by itself; NULL stays until somebody unlocks.
    until_ms   INTEGER,
    ended_at   INTEGER,
    -- NULL when it ended by itself.
    ended_by   TEXT
) STRICT;
CREATE INDEX evidence_locks_due ON evidence_locks (until_ms) WHERE ended_at IS NULL;

CREATE TABLE evidence_lock_paths (
    path    TEXT NOT NULL,
    lock_id INTEGER NOT NULL REFERENCES evidence_locks (id) ON DELETE CASCADE,
    PRIMARY KEY (path, lock_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_lock_paths_by_lock ON evidence_lock_paths (lock_id);

-- A segment's mark follows the locks by itself, whichever way rows come to be and grow: retention only reads the mark.
CREATE TRIGGER evidence_lock_begins AFTER INSERT ON evidence_lock_paths BEGIN
    UPDATE segments SET locked = 1
    WHERE path = NEW.path AND locked = 0 AND EXISTS (
        SELECT 1 FROM evidence_locks l WHERE l.id = NEW.lock_id AND l.ended_at IS NULL
            AND segments.start_ms < l.to_ms AND segments.end_ms > l.from_ms);
END;
CREATE TRIGGER evidence_lock_ends AFTER UPDATE OF ended_at ON evidence_locks
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
    UPDATE segments SET locked = 0
    WHERE locked = 1 AND path IN (SELECT path FROM evidence_lock_paths WHERE lock_id = NEW.id)
        AND start_ms < NEW.to_ms AND end_ms > NEW.from_ms
        AND NOT EXISTS (
            SELECT 1 FROM evidence_lock_paths p JOIN evidence_locks l ON l.id = p.lock_id
            WHERE p.path = segments.path AND l.ended_at IS NULL
                AND segments.start_ms < l.to_ms AND segments.end_ms > l.from_ms);
END;
CREATE TRIGGER evidence_locks_growing_segment AFTER UPDATE OF end_ms ON segments
WHEN NEW.locked = 0 AND EXISTS (
    SELECT 1 FROM evidence_lock_paths p JOIN evidence_locks l ON l.id = p.lock_id
    WHERE p.path = NEW.path AND l.ended_at IS NULL AND NEW.start_ms < l.to_ms AND NEW.end_ms > l.from_ms)
BEGIN
    UPDATE segments SET locked = 1 WHERE id = NEW.id;
END;

CREATE TABLE bookmarks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    path       TEXT NOT NULL,
    from_ms    INTEGER NOT NULL,
    -- Equal to `from_ms` for a moment.
    to_ms      INTEGER NOT NULL CHECK (to_ms >= from_ms),
    text       TEXT NOT NULL,
    -- The text in lower case of every script; SQLite folds only ASCII.
    text_key   TEXT NOT NULL,
    -- JSON list, sorted.
    tags       TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX bookmarks_by_path ON bookmarks (path, from_ms);
CREATE INDEX bookmarks_by_time ON bookmarks (from_ms, id);

CREATE TABLE cases (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    notes      TEXT NOT NULL,
    -- JSON list of clips: path, from, to, note.
    clips      TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE exports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL,
    -- JSON: what is exported, and why.
    wanted      TEXT NOT NULL,
    -- Sealed with the site's key while the export waits or runs, then forgotten.
    password    BLOB,
    -- The file or folder it comes to, absolute.
    result      TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    -- JSON of what went wrong.
    problem     TEXT,
    size_bytes  INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER
) STRICT;
CREATE INDEX exports_waiting ON exports (id) WHERE state IN ('queued', 'running');
