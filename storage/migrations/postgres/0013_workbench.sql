-- When somebody last had the page of a request before them, and when they had it
-- the time before: for what is new to them. It is no part of the record.
CREATE TABLE visits (
    request text   NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    person  text   NOT NULL,
    last    bigint NOT NULL,
    before  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (request, person)
);
