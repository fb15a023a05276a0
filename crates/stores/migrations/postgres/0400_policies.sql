-- Policies of accounts, whom they limit, and from where a key may be used.
CREATE TABLE policies (
    account       TEXT NOT NULL REFERENCES accounts (id),
    name          TEXT NOT NULL,
    document      TEXT NOT NULL,
    changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (account, name)
);

CREATE TABLE policy_attachments (
    account       TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('key', 'user', 'group')),
    principal     TEXT NOT NULL,
    policy        TEXT NOT NULL,
    PRIMARY KEY (account, kind, principal, policy),
    FOREIGN KEY (account, policy) REFERENCES policies (account, name)
);

CREATE INDEX attachments_of_policy ON policy_attachments (account, policy);

-- A session's own policy narrows what its key may; a list of sources is a JSON array.
CREATE TABLE key_limits (
    key           TEXT PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
    sources       TEXT NOT NULL,
    session       TEXT
);
