-- The sandbox: its test clock, its seed, and faults on purpose. No row: this is no sandbox.

CREATE TABLE sandbox (
    one           BIGINT PRIMARY KEY CHECK (one = 1),
    ahead_ms      BIGINT NOT NULL CHECK (ahead_ms >= 0),
    seed          BIGINT NOT NULL,
    -- The last row of `changes` that the running gateway has followed.
    seen          BIGINT NOT NULL
);

-- An empty action is the whole module, an empty account is any. `times` is null for as often as it matches.
CREATE TABLE faults (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    account       TEXT NOT NULL,
    effect        TEXT NOT NULL,
    rate_ppm      BIGINT NOT NULL CHECK (rate_ppm BETWEEN 1 AND 1000000),
    times         BIGINT CHECK (times > 0),
    fired         BIGINT NOT NULL
);
