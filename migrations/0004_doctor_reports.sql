-- The last examination of each camera, whole, as the site wrote it.

CREATE TABLE doctor_reports (
    camera_id       INTEGER PRIMARY KEY REFERENCES cameras (id) ON DELETE CASCADE,
    -- When it began, UTC milliseconds.
    started_at      INTEGER NOT NULL,
    -- JSON.
    report          TEXT NOT NULL
) STRICT;
