-- Users of an account: they sign with keys of their own, and policies say what they may. Who is trusted by a user
-- may act as it for a while (AssumeRole).
CREATE TABLE users (
    account       TEXT NOT NULL REFERENCES accounts (id),
    name          TEXT NOT NULL,
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    trusted       TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_groups (
    account       TEXT NOT NULL REFERENCES accounts (id),
    name          TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_members (
    account       TEXT NOT NULL,
    user_group    TEXT NOT NULL,
    user_name     TEXT NOT NULL,
    PRIMARY KEY (account, user_group, user_name),
    FOREIGN KEY (account, user_group) REFERENCES user_groups (account, name) ON DELETE CASCADE,
    FOREIGN KEY (account, user_name) REFERENCES users (account, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX groups_of_user ON group_members (account, user_name);

-- A key of no user is the account's own. A session ends with its time, or with the key that asked for it.
ALTER TABLE keys ADD COLUMN user_name TEXT;
ALTER TABLE keys ADD COLUMN expires_at_ms INTEGER;
ALTER TABLE keys ADD COLUMN issuer TEXT;
ALTER TABLE keys ADD COLUMN session TEXT;

CREATE INDEX keys_by_end ON keys (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

-- When a key was last used, written at most once a minute.
CREATE TABLE key_uses (
    key           TEXT PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
    at_ms         INTEGER NOT NULL,
    address       TEXT NOT NULL,
    action        TEXT NOT NULL
) STRICT, WITHOUT ROWID;
