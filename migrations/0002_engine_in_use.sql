-- The ingest engine that last pulled the stream: a camera that needed the second one gets it at once after a restart.
ALTER TABLE streams ADD COLUMN engine_in_use TEXT;
