-- What the figures read of the log, so that it is not all read again: made of
-- events, and of no weight of its own.
CREATE TABLE tallies (
    name  text   NOT NULL PRIMARY KEY CHECK (name <> ''),
    last  bigint NOT NULL CHECK (last > 0), -- the newest event in it
    state bytea  NOT NULL
);
