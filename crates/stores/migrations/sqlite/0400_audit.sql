-- Every change of state that somebody made: who, what, from where, before and after. Each record has the hash of
-- the one before it, so that none can be changed, taken out or put in between unseen.
CREATE TABLE audit (
    seq           INTEGER PRIMARY KEY,
    at_ms         INTEGER NOT NULL,
    who           TEXT NOT NULL,
    key_id        TEXT,
    address       TEXT,
    request_id    BLOB,
    action        TEXT NOT NULL,
    subject       TEXT NOT NULL,
    before        TEXT,
    after         TEXT,
    previous      BLOB NOT NULL,
    hash          BLOB NOT NULL
) STRICT;

CREATE INDEX audit_of_subject ON audit (subject, seq);

CREATE TRIGGER audit_is_not_updated BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never updated'); END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is never deleted'); END;

-- The last record, witnessed by the keyring: a log that was cut short, or written anew by somebody who has the
-- database alone, does not fit it.
CREATE TABLE audit_head (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    seq           INTEGER NOT NULL,
    witness       BLOB NOT NULL
) STRICT;

-- A closed account is a suspended one that is not resumed.
ALTER TABLE accounts ADD COLUMN closed_at_ms INTEGER;
