-- What people were told, and what they chose to be told. A notice names no file
-- and holds no contents; its words come from the program when it is shown.
CREATE TABLE notices (
    id        TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind      TEXT    NOT NULL CHECK (kind <> ''),
    audience  TEXT    NOT NULL,
    person    TEXT    NOT NULL, -- '' for a channel that many read
    at        INTEGER NOT NULL,
    request   TEXT    NOT NULL, -- '' when it is about none
    workspace TEXT    NOT NULL,
    project   TEXT    NOT NULL,
    requester TEXT    NOT NULL,
    author    TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    purpose   TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    daily     INTEGER NOT NULL CHECK (daily IN (0, 1)),
    digest    TEXT    NOT NULL  -- the digest that took it, '' for none
) STRICT;

CREATE INDEX notices_person ON notices (person, at DESC, id);
CREATE INDEX notices_waiting ON notices (person) WHERE daily = 1 AND digest = '';
CREATE INDEX notices_digest ON notices (digest) WHERE digest <> '';

CREATE TABLE notice_choices (
    username TEXT NOT NULL PRIMARY KEY REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    choices  TEXT NOT NULL CHECK (json_valid(choices))
) STRICT;
