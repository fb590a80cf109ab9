-- Of an archive: days after which finished recordings of other volumes come there.

ALTER TABLE volumes ADD COLUMN archive_after_days INTEGER CHECK (archive_after_days >= 0);

UPDATE volumes SET archive_after_days = 2 WHERE kind = 'archive';
