-- What readers said of a page. No address is kept. The receipt is what the reader alone knows: it leads to the answer.
CREATE TABLE feedback (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    receipt        TEXT NOT NULL UNIQUE,
    at_ms          INTEGER NOT NULL,
    page           TEXT NOT NULL,
    language       TEXT NOT NULL,
    level          INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
    text           TEXT NOT NULL,
    answer         TEXT,
    answered_at_ms INTEGER,
    CHECK ((answer IS NULL) = (answered_at_ms IS NULL))
) STRICT;

CREATE INDEX feedback_of_page ON feedback (page, at_ms);
CREATE INDEX feedback_by_age ON feedback (at_ms);
