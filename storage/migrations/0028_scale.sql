-- How far the checks of requests are while they go on, so that every instance of
-- the service can tell, and what they found so far. None of it has weight: it goes
-- when the checks end, and the findings in force are in reports.
CREATE TABLE check_runs (
    request TEXT    NOT NULL PRIMARY KEY CHECK (request <> ''),
    run     TEXT    NOT NULL CHECK (run <> ''), -- names one run among those that took each other's place
    done    INTEGER NOT NULL CHECK (done >= 0),
    total   INTEGER NOT NULL CHECK (total >= 0),
    told    INTEGER NOT NULL
) STRICT;

CREATE TABLE check_parts (
    request TEXT    NOT NULL CHECK (request <> ''),
    part    INTEGER NOT NULL CHECK (part > 0),
    found   BLOB    NOT NULL,
    PRIMARY KEY (request, part)
) STRICT;
