-- A plan may ask for a second copy on a volume of kind 'mirror'.

ALTER TABLE plans ADD COLUMN mirror INTEGER NOT NULL DEFAULT 0;
