-- What programs sign in with, and the answers they were given.

-- A token is kept as the SHA-256 of its secret only, and stays, revoked, for the
-- record.
CREATE TABLE tokens (
    id       text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    hash     text    NOT NULL UNIQUE CHECK (length(hash) = 64),
    username text    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    name     text    NOT NULL,
    scopes   text    NOT NULL CHECK (scopes::json IS NOT NULL),
    created  bigint NOT NULL CHECK (created > 0),
    expires  bigint NOT NULL CHECK (expires > created),
    used     bigint NOT NULL,
    revoked  bigint NOT NULL
);

CREATE INDEX tokens_person ON tokens (username, created DESC, id);

-- Only its use and its end are ever filled in.
CREATE TRIGGER tokens_end_once BEFORE UPDATE ON tokens
    FOR EACH ROW WHEN (OLD.revoked <> 0 OR NEW.id <> OLD.id OR NEW.hash <> OLD.hash OR NEW.username <> OLD.username
    OR NEW.name <> OLD.name OR NEW.scopes <> OLD.scopes OR NEW.created <> OLD.created OR NEW.expires <> OLD.expires)
    EXECUTE FUNCTION refuse('a token is never changed, and revoked once');
CREATE TRIGGER tokens_no_delete BEFORE DELETE ON tokens
    FOR EACH ROW EXECUTE FUNCTION refuse('a token is never deleted');
CREATE TRIGGER tokens_no_truncate BEFORE TRUNCATE ON tokens
    EXECUTE FUNCTION refuse('a token is never deleted');

-- The first answer to a change, by the key that its sender chose. Until the
-- answer is there, "until" is when the sender may try again; afterwards it is
-- when the answer is forgotten.
CREATE TABLE idempotency_keys (
    username text    NOT NULL,
    key      text    NOT NULL CHECK (key <> ''),
    digest   text    NOT NULL,
    claim    text    NOT NULL,
    answer   bytea,
    until    bigint NOT NULL,
    PRIMARY KEY (username, key)
);

CREATE INDEX idempotency_keys_until ON idempotency_keys (until);
