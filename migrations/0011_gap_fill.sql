-- Gaps of recordings that are filled from a camera's own storage.

CREATE TABLE gap_fills (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    path        TEXT NOT NULL,
    from_ms     INTEGER NOT NULL,
    to_ms       INTEGER NOT NULL CHECK (to_ms > from_ms),
    -- Empty when the site found the gap by itself.
    asked_by    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'empty', 'failed', 'cancelled')),
    -- Tries in a row that brought nothing.
    attempts    INTEGER NOT NULL DEFAULT 0,
    next_try_at INTEGER NOT NULL,
    -- JSON of what the last try met.
    problem     TEXT,
    filled_ms   INTEGER NOT NULL DEFAULT 0,
    read_bytes  INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER
) STRICT;
CREATE INDEX gap_fills_waiting ON gap_fills (next_try_at) WHERE state = 'waiting';
CREATE INDEX gap_fills_by_path ON gap_fills (path, from_ms);

-- How a recording came to the site.
ALTER TABLE segments ADD COLUMN origin TEXT NOT NULL DEFAULT 'live' CHECK (origin IN ('live', 'camera'));
CREATE INDEX segments_filled ON segments (path, start_ms) WHERE origin = 'camera';
