-- Who does the periodic work that one process does for all. The leader counts
-- its beats; the others take over when the count stands still.
CREATE TABLE leads (
    name   text   NOT NULL PRIMARY KEY,
    holder text   NOT NULL,
    beat   bigint NOT NULL CHECK (beat > 0)
);
