-- Not written here yet: what came over from an embedded home. Every change of state that somebody made: who, what, from where, before and after. Each record has the hash of
-- the one before it, so that none can be changed, taken out or put in between unseen.
CREATE TABLE audit (
    seq           BIGINT PRIMARY KEY,
    at_ms         BIGINT NOT NULL,
    who           TEXT NOT NULL,
    key_id        TEXT,
    address       TEXT,
    request_id    BYTEA,
    action        TEXT NOT NULL,
    subject       TEXT NOT NULL,
    before        TEXT,
    after         TEXT,
    previous      BYTEA NOT NULL,
    hash          BYTEA NOT NULL
);

CREATE INDEX audit_of_subject ON audit (subject, seq);

-- The last record, witnessed by the keyring: a log that was cut short, or written anew by somebody who has the
-- database alone, does not fit it.
CREATE TABLE audit_head (
    one           BIGINT PRIMARY KEY CHECK (one = 1),
    seq           BIGINT NOT NULL,
    witness       BYTEA NOT NULL
);

-- A closed account is a suspended one that is not resumed.
ALTER TABLE accounts ADD COLUMN closed_at_ms BIGINT;
