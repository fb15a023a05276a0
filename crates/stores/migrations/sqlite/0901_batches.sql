-- How each batch of the last day ended: told by its RequestId, and gone on with by its ResumeToken.
CREATE TABLE batches (
    request_id    BLOB PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    prints        TEXT NOT NULL,
    answer        BLOB NOT NULL,
    resumed_by    BLOB,
    at_ms         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX batches_by_age ON batches (at_ms);

-- Until when a verified identity is good; null: until somebody says otherwise.
ALTER TABLE accounts ADD COLUMN identity_until_ms INTEGER;
