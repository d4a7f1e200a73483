-- What people were told, and what they chose to be told. A notice names no file
-- and holds no contents; its words come from the program when it is shown.
CREATE TABLE notices (
    id        text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind      text    NOT NULL CHECK (kind <> ''),
    audience  text    NOT NULL,
    person    text    NOT NULL, -- '' for a channel that many read
    at        bigint  NOT NULL,
    request   text    NOT NULL, -- '' when it is about none
    workspace text    NOT NULL,
    project   text    NOT NULL,
    requester text    NOT NULL,
    author    text    NOT NULL,
    actor     text    NOT NULL,
    purpose   text    NOT NULL,
    path      text    NOT NULL,
    daily     boolean NOT NULL,
    digest    text    NOT NULL  -- the digest that took it, '' for none
);

CREATE INDEX notices_person ON notices (person, at DESC, id);
CREATE INDEX notices_waiting ON notices (person) WHERE daily AND digest = '';
CREATE INDEX notices_digest ON notices (digest) WHERE digest <> '';

CREATE TABLE notice_choices (
    username text NOT NULL PRIMARY KEY REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    choices  text NOT NULL CHECK (choices::json IS NOT NULL)
);
