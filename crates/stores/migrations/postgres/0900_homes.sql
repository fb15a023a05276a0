-- Which gateway made a hold: what it leaves behind when it dies is ended by another.
ALTER TABLE holds ADD COLUMN node BYTEA;

-- Whose keyring opens the sealed keys.
CREATE TABLE home (
    one           BIGINT PRIMARY KEY CHECK (one = 1),
    keyring       BIGINT NOT NULL
);

-- The gateways, and when each last said that it lives.
CREATE TABLE nodes (
    node          BYTEA PRIMARY KEY,
    seen_at_ms    BIGINT NOT NULL
);

-- How often the nonce store was lost, and from which stamp on calls are good since then.
CREATE TABLE fences (
    epoch         BIGINT PRIMARY KEY,
    fence_ms      BIGINT NOT NULL,
    at_ms         BIGINT NOT NULL
);

-- How far ahead of the clock a key has stamped, in each epoch.
CREATE TABLE leads (
    key_print     BIGINT NOT NULL,
    epoch         BIGINT NOT NULL,
    until_ms      BIGINT NOT NULL,
    PRIMARY KEY (key_print, epoch)
);
