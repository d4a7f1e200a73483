-- Who does the periodic work that one process does for all. The leader counts
-- its beats; the others take over when the count stands still.
CREATE TABLE leads (
    name   TEXT    NOT NULL PRIMARY KEY,
    holder TEXT    NOT NULL,
    beat   INTEGER NOT NULL CHECK (beat > 0)
) STRICT;
