-- What signing in needs: sessions that can be listed and ended, what people can
-- show, invitations, and who people are elsewhere.

-- Unlike the session library's own table, this one is known by people.
CREATE TABLE sign_ins (
    id         text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    username   text    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    method     text    NOT NULL CHECK (method <> ''),
    factors    text    NOT NULL,
    subject    text    NOT NULL,
    method_key text    NOT NULL,
    sealed     bytea,
    started    bigint NOT NULL CHECK (started > 0),
    seen       bigint NOT NULL,
    confirmed  bigint NOT NULL,
    checked    bigint NOT NULL,
    ended      bigint NOT NULL,
    source     text    NOT NULL,
    browser    text    NOT NULL
);

CREATE INDEX sign_ins_person ON sign_ins (username, started DESC) WHERE ended = 0;
CREATE INDEX sign_ins_ended ON sign_ins (ended) WHERE ended <> 0;

-- A session that has ended never opens again.
-- The password's hash stays in people. Secrets in here are sealed with a key
-- that lies outside of the database.
CREATE TABLE credentials (
    username text NOT NULL PRIMARY KEY REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    handle   text NOT NULL UNIQUE CHECK (length(handle) >= 32),
    code     text NOT NULL CHECK (code::json IS NOT NULL),
    passkeys text NOT NULL CHECK (passkeys::json IS NOT NULL),
    recovery text NOT NULL CHECK (recovery::json IS NOT NULL)
);

CREATE TABLE invitations (
    hash     text    NOT NULL PRIMARY KEY CHECK (length(hash) = 64),
    username text    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    made_by  text    NOT NULL,
    made     bigint NOT NULL CHECK (made > 0),
    expires  bigint NOT NULL CHECK (expires > made),
    used     bigint NOT NULL
);

CREATE INDEX invitations_person ON invitations (username);

-- A subject of a method is one person here, for ever.
CREATE TABLE identities (
    method   text    NOT NULL CHECK (method <> ''),
    subject  text    NOT NULL CHECK (subject <> ''),
    username text    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    linked   bigint NOT NULL,
    PRIMARY KEY (method, subject)
);

CREATE INDEX identities_person ON identities (username);

CREATE TRIGGER sign_ins_end_once BEFORE UPDATE ON sign_ins
    FOR EACH ROW WHEN (OLD.ended <> 0 OR NEW.id <> OLD.id OR NEW.username <> OLD.username OR NEW.method <> OLD.method OR NEW.started <> OLD.started)
    EXECUTE FUNCTION refuse('a session ends once and belongs to one person');

CREATE TRIGGER invitations_use_once BEFORE UPDATE ON invitations
    FOR EACH ROW WHEN (OLD.used <> 0 OR NEW.hash <> OLD.hash OR NEW.username <> OLD.username OR NEW.expires > OLD.expires)
    EXECUTE FUNCTION refuse('an invitation is used once');
