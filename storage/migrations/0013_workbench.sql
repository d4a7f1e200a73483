-- When somebody last had the page of a request before them, and when they had it
-- the time before: for what is new to them. It is no part of the record.
CREATE TABLE visits (
    request TEXT    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    person  TEXT    NOT NULL,
    last    INTEGER NOT NULL,
    before  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (request, person)
) STRICT;
