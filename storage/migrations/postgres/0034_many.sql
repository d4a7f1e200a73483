-- Files that are being added to drafts behind the pages that asked for them, so that
-- every instance of the service can tell how far that is and go on with it, and those
-- that were refused. None of it has weight: what was added is in files and events.
CREATE TABLE additions (
    request text   NOT NULL PRIMARY KEY CHECK (request <> ''),
    run     text   NOT NULL CHECK (run <> ''), -- names one among those that took each other's place
    person  text   NOT NULL,
    source  text   NOT NULL,
    begun   bigint NOT NULL,
    done    bigint NOT NULL CHECK (done >= 0),
    total   bigint NOT NULL CHECK (total >= 0),
    waiting text   NOT NULL CHECK (waiting::json IS NOT NULL), -- [] once it is over
    refused text   NOT NULL CHECK (refused::json IS NOT NULL)
);
