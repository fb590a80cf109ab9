-- AI engines: which nodes may connect, what they are to look for, and who looks for what now. What they find lies in
-- files of its own, one for each day.

CREATE TABLE ai_nodes (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT NOT NULL UNIQUE,
    -- SHA-256 of its token; NULL when it came without one, from this machine.
    token_hash   BLOB UNIQUE,
    -- What it calls itself, once it has come. A name belongs to the node that used it first.
    node_id      TEXT UNIQUE,
    enabled      INTEGER NOT NULL DEFAULT 1,
    sees_cameras INTEGER NOT NULL DEFAULT 0,
    -- JSON: what it said when it registered last.
    facts        TEXT NOT NULL DEFAULT '{}',
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER,
    version      INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE ai_tasks (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    camera_id     INTEGER NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    stream        TEXT NOT NULL,
    -- JSON: codes with their regions and lines.
    scenes        TEXT NOT NULL,
    dispatch      TEXT NOT NULL,
    -- Of dispatch 'fixed'.
    node          INTEGER REFERENCES ai_nodes (id) ON DELETE SET NULL,
    confidence    REAL NOT NULL,
    -- JSON.
    params        TEXT NOT NULL,
    alarm_enabled INTEGER NOT NULL,
    level         INTEGER NOT NULL,
    -- JSON: seven texts of 48 letters; NULL is always.
    schedule      TEXT,
    enabled       INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX ai_tasks_of_camera ON ai_tasks (camera_id);

-- Who holds a scene: at most one node. Another server may take over what is past its time.
CREATE TABLE ai_leases (
    task_id  INTEGER NOT NULL REFERENCES ai_tasks (id) ON DELETE CASCADE,
    scene    TEXT NOT NULL,
    node     INTEGER NOT NULL REFERENCES ai_nodes (id) ON DELETE CASCADE,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (task_id, scene)
) STRICT, WITHOUT ROWID;
