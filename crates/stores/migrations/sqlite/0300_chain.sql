-- Entries say why money moved, and are chained: each one's hash covers the hash before it and all of itself.
-- What was booked before is chained by the program, in this migration's transaction; until then `hash` is null.

DROP TRIGGER entries_are_not_updated;

ALTER TABLE entries ADD COLUMN way TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN hash BLOB;

UPDATE entries SET way = CASE debit || ' ' || credit
    WHEN 'adjustments available' THEN 'top-up'
    WHEN 'available held' THEN 'reserve'
    WHEN 'held revenue' THEN 'commit'
    WHEN 'held available' THEN 'release'
    ELSE '' END;

CREATE TRIGGER entries_are_not_updated BEFORE UPDATE ON entries WHEN OLD.hash IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'entries are never updated'); END;

CREATE TRIGGER entries_are_chained BEFORE INSERT ON entries WHEN NEW.hash IS NULL
BEGIN SELECT RAISE(ABORT, 'an entry without a hash'); END;

-- Of what is available so much is lent; a cap is of a day of UTC, and so much of it is spent.
ALTER TABLE balances ADD COLUMN lent INTEGER NOT NULL DEFAULT 0 CHECK (lent >= 0);
ALTER TABLE balances ADD COLUMN daily_cap INTEGER CHECK (daily_cap >= 0);
ALTER TABLE balances ADD COLUMN spent_day INTEGER NOT NULL DEFAULT 0;
ALTER TABLE balances ADD COLUMN spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0);
