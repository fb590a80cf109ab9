-- Whether a volume may be removed is asked of its locked recordings alone.

CREATE INDEX segments_locked ON segments (volume) WHERE locked = 1;
