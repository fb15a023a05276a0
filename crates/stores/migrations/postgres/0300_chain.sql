-- Entries say why money moved. Their chain is not kept here yet: `hash` is what came over from an embedded home,
-- and null in what was booked since.
ALTER TABLE entries ADD COLUMN way TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN hash BYTEA;

-- Of what is available so much is lent; a cap is of a day of UTC, and so much of it is spent.
ALTER TABLE balances ADD COLUMN lent BIGINT NOT NULL DEFAULT 0 CHECK (lent >= 0);
ALTER TABLE balances ADD COLUMN daily_cap BIGINT CHECK (daily_cap >= 0);
ALTER TABLE balances ADD COLUMN spent_day BIGINT NOT NULL DEFAULT 0;
ALTER TABLE balances ADD COLUMN spent BIGINT NOT NULL DEFAULT 0 CHECK (spent >= 0);
