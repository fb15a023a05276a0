-- What each resource was last bought for: what a refund is worked out from. A renewal is a purchase of its own.
CREATE TABLE purchases (
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    request_id    BLOB NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    price         INTEGER NOT NULL CHECK (price >= 0),
    currency      TEXT NOT NULL,
    period_s      INTEGER NOT NULL CHECK (period_s >= 0),
    at_ms         INTEGER NOT NULL,
    refunded_by   BLOB,
    PRIMARY KEY (module, kind, id)
) STRICT, WITHOUT ROWID;

-- What a return gives back if it is done: written before its first byte goes upstream, with its order.
CREATE TABLE refunds (
    request_id    BLOB NOT NULL,
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    purchase      BLOB NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    amount        INTEGER NOT NULL CHECK (amount > 0),
    currency      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('begun', 'in-doubt', 'paid', 'void')),
    at_ms         INTEGER NOT NULL,
    PRIMARY KEY (request_id, kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX refunds_open ON refunds (state) WHERE state IN ('begun', 'in-doubt');
