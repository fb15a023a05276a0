-- Accounts, their keys, what they own and what they have. Times are milliseconds since the epoch,
-- money is micro-units, lists are JSON arrays.

CREATE TABLE accounts (
    slot          INTEGER PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
    identity      TEXT NOT NULL CHECK (identity IN ('unverified', 'pending', 'verified', 'failed')),
    account_groups TEXT NOT NULL,
    sources       TEXT NOT NULL,
    rate_per_s    INTEGER,
    rate_burst    INTEGER,
    created_at_ms INTEGER NOT NULL,
    CHECK ((rate_per_s IS NULL) = (rate_burst IS NULL))
) STRICT;

-- The secret is sealed: a random 12-byte nonce, the ciphertext, a 16-byte tag (AES-256-GCM).
CREATE TABLE keys (
    id            TEXT PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    epoch         INTEGER NOT NULL,
    secret        BLOB NOT NULL,
    token         BLOB,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_of_account ON keys (account);

CREATE TABLE resources (
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    state         TEXT NOT NULL CHECK (state IN ('owned', 'returned')),
    changed_at_ms INTEGER NOT NULL,
    PRIMARY KEY (module, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE balances (
    account       TEXT PRIMARY KEY REFERENCES accounts (id),
    currency      TEXT NOT NULL,
    available     INTEGER NOT NULL CHECK (available >= 0),
    held          INTEGER NOT NULL CHECK (held >= 0),
    revenue       INTEGER NOT NULL CHECK (revenue >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    request_id    BLOB PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    amount        INTEGER NOT NULL CHECK (amount > 0),
    currency      TEXT NOT NULL,
    state         TEXT NOT NULL,
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    print         BLOB NOT NULL,
    at_ms         INTEGER NOT NULL,
    ended_at_ms   INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_open ON holds (state) WHERE state NOT IN ('committed', 'released');

-- The claims of priced calls, written with the hold: money does not trust the nonce store alone.
CREATE TABLE claims (
    print         BLOB PRIMARY KEY,
    request_id    BLOB NOT NULL,
    at_ms         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_by_age ON claims (at_ms);

-- Never updated, never deleted.
CREATE TABLE entries (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms         INTEGER NOT NULL,
    request_id    BLOB,
    debit         TEXT NOT NULL,
    credit        TEXT NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    amount        INTEGER NOT NULL CHECK (amount > 0),
    currency      TEXT NOT NULL,
    note          TEXT NOT NULL
) STRICT;

CREATE INDEX entries_of_account ON entries (account, seq);

CREATE TRIGGER entries_are_not_updated BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never updated'); END;

CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;

-- An empty action is the whole module.
CREATE TABLE switches (
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('withdrawn', 'until', 'lasting')),
    until_ms      INTEGER,
    message       TEXT,
    testers       TEXT NOT NULL,
    PRIMARY KEY (module, action),
    CHECK ((state = 'until') = (until_ms IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- What a running gateway must read again.
CREATE TABLE changes (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms         INTEGER NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('account', 'key', 'switch')),
    key           TEXT NOT NULL
) STRICT;
