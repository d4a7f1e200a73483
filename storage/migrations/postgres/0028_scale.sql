-- How far the checks of requests are while they go on, so that every instance of
-- the service can tell, and what they found so far. None of it has weight: it goes
-- when the checks end, and the findings in force are in reports.
CREATE TABLE check_runs (
    request text   NOT NULL PRIMARY KEY CHECK (request <> ''),
    run     text   NOT NULL CHECK (run <> ''), -- names one run among those that took each other's place
    done    bigint NOT NULL CHECK (done >= 0),
    total   bigint NOT NULL CHECK (total >= 0),
    told    bigint NOT NULL
);

CREATE TABLE check_parts (
    request text   NOT NULL CHECK (request <> ''),
    part    bigint NOT NULL CHECK (part > 0),
    found   bytea  NOT NULL,
    PRIMARY KEY (request, part)
);
