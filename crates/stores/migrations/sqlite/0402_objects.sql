-- What an owner lends: the account it lent to may read the resource, or change it too.
CREATE TABLE shares (
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    access        TEXT NOT NULL CHECK (access IN ('read', 'write')),
    at_ms         INTEGER NOT NULL,
    PRIMARY KEY (module, kind, id, account)
) STRICT, WITHOUT ROWID;

CREATE INDEX shares_of_account ON shares (account);

CREATE INDEX resources_of_account ON resources (account, state);

-- What a module did otherwise than its document says, or what shadow let pass: counted, with the last call.
CREATE TABLE object_faults (
    module        TEXT NOT NULL,
    subject       TEXT NOT NULL,
    what          TEXT NOT NULL,
    n             INTEGER NOT NULL,
    first_at_ms   INTEGER NOT NULL,
    last_at_ms    INTEGER NOT NULL,
    request_id    BLOB,
    PRIMARY KEY (module, subject, what)
) STRICT, WITHOUT ROWID;

-- How far a file of resources is imported: written with its rows.
CREATE TABLE imports (
    file          BLOB PRIMARY KEY,
    n_rows        INTEGER NOT NULL,
    at_ms         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
