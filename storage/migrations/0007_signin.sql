-- What signing in needs: sessions that can be listed and ended, what people can
-- show, invitations, and who people are elsewhere.

-- Unlike the session library's own table, this one is known by people.
CREATE TABLE sign_ins (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    username   TEXT    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    method     TEXT    NOT NULL CHECK (method <> ''),
    factors    TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    method_key TEXT    NOT NULL,
    sealed     BLOB,
    started    INTEGER NOT NULL CHECK (started > 0),
    seen       INTEGER NOT NULL,
    confirmed  INTEGER NOT NULL,
    checked    INTEGER NOT NULL,
    ended      INTEGER NOT NULL,
    source     TEXT    NOT NULL,
    browser    TEXT    NOT NULL
) STRICT;

CREATE INDEX sign_ins_person ON sign_ins (username, started DESC) WHERE ended = 0;
CREATE INDEX sign_ins_ended ON sign_ins (ended) WHERE ended <> 0;

-- A session that has ended never opens again.
CREATE TRIGGER sign_ins_end_once BEFORE UPDATE ON sign_ins
WHEN OLD.ended <> 0 OR NEW.id <> OLD.id OR NEW.username <> OLD.username OR NEW.method <> OLD.method OR NEW.started <> OLD.started
BEGIN SELECT raise(ABORT, 'a session ends once and belongs to one person'); END;

-- The password's hash stays in people. Secrets in here are sealed with a key
-- that lies outside of the database.
CREATE TABLE credentials (
    username TEXT NOT NULL PRIMARY KEY REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    handle   TEXT NOT NULL UNIQUE CHECK (length(handle) >= 32),
    code     TEXT NOT NULL CHECK (json_valid(code)),
    passkeys TEXT NOT NULL CHECK (json_valid(passkeys)),
    recovery TEXT NOT NULL CHECK (json_valid(recovery))
) STRICT;

CREATE TABLE invitations (
    hash     TEXT    NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    username TEXT    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    made_by  TEXT    NOT NULL,
    made     INTEGER NOT NULL CHECK (made > 0),
    expires  INTEGER NOT NULL CHECK (expires > made),
    used     INTEGER NOT NULL
) STRICT;

CREATE INDEX invitations_person ON invitations (username);

CREATE TRIGGER invitations_use_once BEFORE UPDATE ON invitations
WHEN OLD.used <> 0 OR NEW.hash <> OLD.hash OR NEW.username <> OLD.username OR NEW.expires > OLD.expires
BEGIN SELECT raise(ABORT, 'an invitation is used once'); END;

-- A subject of a method is one person here, for ever.
CREATE TABLE identities (
    method   TEXT    NOT NULL CHECK (method <> ''),
    subject  TEXT    NOT NULL CHECK (subject <> ''),
    username TEXT    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    linked   INTEGER NOT NULL,
    PRIMARY KEY (method, subject)
) STRICT;

CREATE INDEX identities_person ON identities (username);
