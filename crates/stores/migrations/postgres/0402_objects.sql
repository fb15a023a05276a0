-- What an owner lends: the account it lent to may read the resource, or change it too.
CREATE TABLE shares (
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    access        TEXT NOT NULL CHECK (access IN ('read', 'write')),
    at_ms         BIGINT NOT NULL,
    PRIMARY KEY (module, kind, id, account)
);

CREATE INDEX shares_of_account ON shares (account);

CREATE INDEX resources_of_account ON resources (account, state);

-- What a module did otherwise than its document says, or what shadow let pass: counted, with the last call.
CREATE TABLE object_faults (
    module        TEXT NOT NULL,
    subject       TEXT NOT NULL,
    what          TEXT NOT NULL,
    n             BIGINT NOT NULL,
    first_at_ms   BIGINT NOT NULL,
    last_at_ms    BIGINT NOT NULL,
    request_id    BYTEA,
    PRIMARY KEY (module, subject, what)
);

-- How far a file of resources is imported: written with its rows.
CREATE TABLE imports (
    file          BYTEA PRIMARY KEY,
    n_rows        BIGINT NOT NULL,
    at_ms         BIGINT NOT NULL
);
