-- What programs sign in with, and the answers they were given.

-- A token is kept as the SHA-256 of its secret only, and stays, revoked, for the
-- record.
CREATE TABLE tokens (
    id       TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    hash     TEXT    NOT NULL UNIQUE CHECK (length(hash) = 64),
    username TEXT    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    name     TEXT    NOT NULL,
    scopes   TEXT    NOT NULL CHECK (json_valid(scopes)),
    created  INTEGER NOT NULL CHECK (created > 0),
    expires  INTEGER NOT NULL CHECK (expires > created),
    used     INTEGER NOT NULL,
    revoked  INTEGER NOT NULL
) STRICT;

CREATE INDEX tokens_person ON tokens (username, created DESC, id);

-- Only its use and its end are ever filled in.
CREATE TRIGGER tokens_end_once BEFORE UPDATE ON tokens
WHEN OLD.revoked <> 0 OR NEW.id <> OLD.id OR NEW.hash <> OLD.hash OR NEW.username <> OLD.username
    OR NEW.name <> OLD.name OR NEW.scopes <> OLD.scopes OR NEW.created <> OLD.created OR NEW.expires <> OLD.expires
BEGIN SELECT raise(ABORT, 'a token is never changed, and revoked once'); END;

CREATE TRIGGER tokens_no_delete BEFORE DELETE ON tokens
BEGIN SELECT raise(ABORT, 'a token is never deleted'); END;

-- The first answer to a change, by the key that its sender chose. Until the
-- answer is there, "until" is when the sender may try again; afterwards it is
-- when the answer is forgotten.
CREATE TABLE idempotency_keys (
    username TEXT    NOT NULL,
    key      TEXT    NOT NULL CHECK (key <> ''),
    digest   TEXT    NOT NULL,
    claim    TEXT    NOT NULL,
    answer   BLOB,
    until    INTEGER NOT NULL,
    PRIMARY KEY (username, key)
) STRICT;

CREATE INDEX idempotency_keys_until ON idempotency_keys (until);
