-- What makes two calls of an account the same one; null: as in the configuration.
ALTER TABLE accounts ADD COLUMN replay_identity TEXT
    CHECK (replay_identity IN ('timestamp-nonce', 'signature'));
