-- What a call moved, by its id: for its receipt.
CREATE INDEX entries_of_request ON entries (request_id, seq) WHERE request_id IS NOT NULL;
