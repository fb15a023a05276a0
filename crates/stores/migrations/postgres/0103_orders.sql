-- What a priced call, or one with a token of its client's, sends: kept until its answer is, so that after a
-- crash the module can be asked about it, or sent the same once more. `sending` is dropped with the answer.
CREATE TABLE orders (
    request_id    BYTEA PRIMARY KEY,
    account       TEXT NOT NULL REFERENCES accounts (id),
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    token         TEXT,
    prints        TEXT NOT NULL,
    sending       BYTEA,
    answer        BYTEA,
    at_ms         BIGINT NOT NULL
);

CREATE UNIQUE INDEX orders_by_token ON orders (account, token) WHERE token IS NOT NULL;

CREATE INDEX orders_by_age ON orders (at_ms);
