-- A volume of kind 'object' is an archive in an S3-compatible store. Where it is, as JSON without its secret key, and the
-- secret key, sealed.

ALTER TABLE volumes ADD COLUMN object TEXT;
ALTER TABLE volumes ADD COLUMN object_secret BLOB;
