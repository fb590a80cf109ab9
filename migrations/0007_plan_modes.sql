-- Plans by schedule and around events, with a minimum and a quota; triggers among the recording events.

-- Seven texts of 48 letters from Monday, joined by '/'; empty is continuous throughout.
ALTER TABLE plans ADD COLUMN schedule TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN pre_event_s INTEGER NOT NULL DEFAULT 10 CHECK (pre_event_s BETWEEN 0 AND 60);
ALTER TABLE plans ADD COLUMN post_event_s INTEGER NOT NULL DEFAULT 30 CHECK (post_event_s BETWEEN 1 AND 600);
-- JSON list of words.
ALTER TABLE plans ADD COLUMN event_kinds TEXT NOT NULL
    DEFAULT '["motion","line_crossed","area_entered","person","vehicle","digital_input"]';
ALTER TABLE plans ADD COLUMN minimum_days INTEGER;
ALTER TABLE plans ADD COLUMN quota_bytes INTEGER;

-- Triggers are kept beside the reasons of gaps, and read without them.
CREATE INDEX recording_events_triggers ON recording_events (at_ms) WHERE kind = 'trigger';

-- Answers what a stream holds against its quota; files being written are no part of it, so that writing does not touch it.
CREATE INDEX segments_quota ON segments (path, start_ms, size_bytes, state, locked, deleting)
    WHERE locked = 0 AND deleting = 0 AND state IN ('complete', 'recovered');
