-- Accounts, their keys, what they own and what they have. Times are milliseconds since the epoch,
-- money is micro-units, lists are JSON arrays.

CREATE TABLE accounts (
    slot          BIGINT PRIMARY KEY,
    id            TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
    identity      TEXT NOT NULL CHECK (identity IN ('unverified', 'pending', 'verified', 'failed')),
    account_groups TEXT NOT NULL,
    sources       TEXT NOT NULL,
    rate_per_s    BIGINT,
    rate_burst    BIGINT,
    created_at_ms BIGINT NOT NULL,
    CHECK ((rate_per_s IS NULL) = (rate_burst IS NULL))
);

-- The secret is sealed: a random 12-byte nonce, the ciphertext, a 16-byte tag (AES-256-GCM).
CREATE TABLE keys (
    id            TEXT PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    enabled       BOOLEAN NOT NULL,
    epoch         BIGINT NOT NULL,
    secret        BYTEA NOT NULL,
    token         BYTEA,
    created_at_ms BIGINT NOT NULL
);

CREATE INDEX keys_of_account ON keys (account);

CREATE TABLE resources (
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    state         TEXT NOT NULL CHECK (state IN ('owned', 'returned')),
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (module, kind, id)
);

CREATE TABLE balances (
    account       TEXT PRIMARY KEY REFERENCES accounts (id),
    currency      TEXT NOT NULL,
    available     BIGINT NOT NULL CHECK (available >= 0),
    held          BIGINT NOT NULL CHECK (held >= 0),
    revenue       BIGINT NOT NULL CHECK (revenue >= 0)
);

CREATE TABLE holds (
    request_id    BYTEA PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    amount        BIGINT NOT NULL CHECK (amount > 0),
    currency      TEXT NOT NULL,
    state         TEXT NOT NULL,
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    print         BYTEA NOT NULL,
    at_ms         BIGINT NOT NULL,
    ended_at_ms   BIGINT
);

CREATE INDEX holds_open ON holds (state) WHERE state NOT IN ('committed', 'released');

-- The claims of priced calls, written with the hold: money does not trust the nonce store alone.
CREATE TABLE claims (
    print         BYTEA PRIMARY KEY,
    request_id    BYTEA NOT NULL,
    at_ms         BIGINT NOT NULL
);

CREATE INDEX claims_by_age ON claims (at_ms);

-- Never updated, never deleted; without stored code nothing but rights can see to that: `faregate check` asks for them.
CREATE TABLE entries (
    seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms         BIGINT NOT NULL,
    request_id    BYTEA,
    debit         TEXT NOT NULL,
    credit        TEXT NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    amount        BIGINT NOT NULL CHECK (amount > 0),
    currency      TEXT NOT NULL,
    note          TEXT NOT NULL
);

CREATE INDEX entries_of_account ON entries (account, seq);

-- An empty action is the whole module.
CREATE TABLE switches (
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('withdrawn', 'until', 'lasting')),
    until_ms      BIGINT,
    message       TEXT,
    testers       TEXT NOT NULL,
    PRIMARY KEY (module, action),
    CHECK ((state = 'until') = (until_ms IS NOT NULL))
);

-- What a running gateway must read again.
CREATE TABLE changes (
    seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms         BIGINT NOT NULL,
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL
);

CREATE INDEX changes_by_age ON changes (at_ms);
