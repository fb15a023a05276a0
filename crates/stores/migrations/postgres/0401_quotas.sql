-- What accounts have of their own in place of what is said for all; an empty action is every action.
CREATE TABLE quotas (
    account       TEXT NOT NULL REFERENCES accounts (id),
    scope         TEXT NOT NULL CHECK (scope IN ('account', 'action', 'key', 'address')),
    action        TEXT NOT NULL,
    rate_per_s    BIGINT,
    rate_burst    BIGINT,
    day           BIGINT CHECK (day > 0),
    month         BIGINT CHECK (month > 0),
    at_once       BIGINT CHECK (at_once > 0),
    in_calls      BOOLEAN NOT NULL,
    hidden        BOOLEAN NOT NULL,
    PRIMARY KEY (account, scope, action),
    CHECK ((rate_per_s IS NULL) = (rate_burst IS NULL)),
    CHECK (action = '' OR scope = 'action')
);

-- What the cells were when they were last written. Of a rate: when it is full again, in microseconds; of a total: its
-- day since 1970 or its month since the year 0, and the units used in it. An address has no account: the least of all numbers.
CREATE TABLE quota_cells (
    key           TEXT PRIMARY KEY,
    account       BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    used          BIGINT NOT NULL CHECK (used >= 0)
);

CREATE INDEX quota_cells_of_account ON quota_cells (account);
