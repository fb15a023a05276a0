-- The weakest signature that an account takes of its own keys; none: whatever is taken here.
ALTER TABLE accounts ADD COLUMN min_signature TEXT;
