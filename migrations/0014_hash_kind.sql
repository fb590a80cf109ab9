-- Files are hashed with BLAKE3 from here on; what was hashed before keeps its SHA-256.

ALTER TABLE file_checksums RENAME COLUMN sha256 TO hash;
ALTER TABLE file_checksums ADD COLUMN hash_kind TEXT NOT NULL DEFAULT 'sha256' CHECK (hash_kind IN ('sha256', 'blake3'));
