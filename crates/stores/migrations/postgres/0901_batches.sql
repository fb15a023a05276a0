-- How each batch of the last day ended: told by its RequestId, and gone on with by its ResumeToken.
CREATE TABLE batches (
    request_id    BYTEA PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    prints        TEXT NOT NULL,
    answer        BYTEA NOT NULL,
    resumed_by    BYTEA,
    at_ms         BIGINT NOT NULL
);

CREATE INDEX batches_by_age ON batches (at_ms);

-- Until when a verified identity is good; null: until somebody says otherwise.
ALTER TABLE accounts ADD COLUMN identity_until_ms BIGINT;
