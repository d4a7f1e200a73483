-- What the figures read of the log, so that it is not all read again: made of
-- events, and of no weight of its own.
CREATE TABLE tallies (
    name  TEXT    NOT NULL PRIMARY KEY CHECK (name <> ''),
    last  INTEGER NOT NULL CHECK (last > 0), -- the newest event in it
    state BLOB    NOT NULL
) STRICT;
