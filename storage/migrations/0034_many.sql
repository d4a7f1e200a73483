-- Files that are being added to drafts behind the pages that asked for them, so that
-- every instance of the service can tell how far that is and go on with it, and those
-- that were refused. None of it has weight: what was added is in files and events.
CREATE TABLE additions (
    request TEXT    NOT NULL PRIMARY KEY CHECK (request <> ''),
    run     TEXT    NOT NULL CHECK (run <> ''), -- names one among those that took each other's place
    person  TEXT    NOT NULL,
    source  TEXT    NOT NULL,
    begun   INTEGER NOT NULL,
    done    INTEGER NOT NULL CHECK (done >= 0),
    total   INTEGER NOT NULL CHECK (total >= 0),
    waiting TEXT    NOT NULL CHECK (json_valid(waiting)), -- [] once it is over
    refused TEXT    NOT NULL CHECK (json_valid(refused))
) STRICT;
