-- What readers said of a page. No address is kept. The receipt is what the reader alone knows: it leads to the answer.
CREATE TABLE feedback (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receipt        TEXT NOT NULL UNIQUE,
    at_ms          BIGINT NOT NULL,
    page           TEXT NOT NULL,
    language       TEXT NOT NULL,
    level          BIGINT NOT NULL CHECK (level BETWEEN 1 AND 5),
    text           TEXT NOT NULL,
    answer         TEXT,
    answered_at_ms BIGINT,
    CHECK ((answer IS NULL) = (answered_at_ms IS NULL))
);

CREATE INDEX feedback_of_page ON feedback (page, at_ms);
CREATE INDEX feedback_by_age ON feedback (at_ms);
