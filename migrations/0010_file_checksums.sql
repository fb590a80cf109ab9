-- What each finished recording file was. `chain` covers it and all before it of its stream.

CREATE TABLE file_checksums (
    path       TEXT NOT NULL,
    -- Counts up per stream without a hole.
    number     INTEGER NOT NULL CHECK (number > 0),
    segment_id INTEGER NOT NULL UNIQUE,
    start_ms   INTEGER NOT NULL,
    end_ms     INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    chain      BLOB NOT NULL CHECK (length(chain) = 32),
    PRIMARY KEY (path, number)
) STRICT, WITHOUT ROWID;
