-- The sandbox: its test clock, its seed, and faults on purpose. No row: this is no sandbox.

CREATE TABLE sandbox (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    ahead_ms      INTEGER NOT NULL CHECK (ahead_ms >= 0),
    seed          INTEGER NOT NULL,
    -- The last row of `changes` that the running gateway has followed.
    seen          INTEGER NOT NULL
) STRICT;

-- An empty action is the whole module, an empty account is any. `times` is null for as often as it matches.
CREATE TABLE faults (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    module        TEXT NOT NULL,
    action        TEXT NOT NULL,
    account       TEXT NOT NULL,
    effect        TEXT NOT NULL,
    rate_ppm      INTEGER NOT NULL CHECK (rate_ppm BETWEEN 1 AND 1000000),
    times         INTEGER CHECK (times > 0),
    fired         INTEGER NOT NULL
) STRICT;

-- The same table, in which more kinds may stand; its numbers go on where they were.
CREATE TABLE changes_of_all_kinds (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms         INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL
) STRICT;

INSERT INTO changes_of_all_kinds SELECT seq, at_ms, kind, key FROM changes;
INSERT INTO sqlite_sequence (name, seq)
    SELECT 'changes_of_all_kinds', seq FROM sqlite_sequence
    WHERE name = 'changes' AND NOT EXISTS (SELECT 1 FROM changes);
DROP TABLE changes;
ALTER TABLE changes_of_all_kinds RENAME TO changes;
