-- Rounds that were begun and not ended go on after a restart; one per camera.

ALTER TABLE ptz_patrols ADD COLUMN running INTEGER NOT NULL DEFAULT 0;
