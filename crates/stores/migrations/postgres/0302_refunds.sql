-- What each resource was last bought for: what a refund is worked out from. A renewal is a purchase of its own.
CREATE TABLE purchases (
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    request_id    BYTEA NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    price         BIGINT NOT NULL CHECK (price >= 0),
    currency      TEXT NOT NULL,
    period_s      BIGINT NOT NULL CHECK (period_s >= 0),
    at_ms         BIGINT NOT NULL,
    refunded_by   BYTEA,
    PRIMARY KEY (module, kind, id)
);

-- What a return gives back if it is done: written before its first byte goes upstream, with its order.
CREATE TABLE refunds (
    request_id    BYTEA NOT NULL,
    module        TEXT NOT NULL,
    kind          TEXT NOT NULL,
    id            TEXT NOT NULL,
    purchase      BYTEA NOT NULL,
    account       TEXT NOT NULL REFERENCES accounts (id),
    amount        BIGINT NOT NULL CHECK (amount > 0),
    currency      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('begun', 'in-doubt', 'paid', 'void')),
    at_ms         BIGINT NOT NULL,
    PRIMARY KEY (request_id, kind, id)
);

CREATE INDEX refunds_open ON refunds (state) WHERE state IN ('begun', 'in-doubt');
