-- Maintenance by window: in force from then on; none is at once.
ALTER TABLE switches ADD COLUMN from_ms INTEGER;
