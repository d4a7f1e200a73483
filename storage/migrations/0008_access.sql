-- Who may do what: roles of people, each with who gave it, when, why and until
-- when. Nothing is deleted: it ends, once. The columns people.roles and the table
-- person_projects are still written, and no longer read.

CREATE TABLE role_grants (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    position   INTEGER NOT NULL,
    username   TEXT    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    role       TEXT    NOT NULL CHECK (role <> ''),
    reach      TEXT    NOT NULL CHECK (reach IN ('service', 'project', 'backend')),
    reach_in   TEXT    NOT NULL CHECK ((reach = 'service') = (reach_in = '')),
    source     TEXT    NOT NULL CHECK (source <> ''),
    made_by    TEXT    NOT NULL CHECK (made_by <> '' AND made_by <> username),
    second     TEXT    NOT NULL CHECK (second = '' OR second <> made_by AND second <> username),
    why        TEXT    NOT NULL,
    made       INTEGER NOT NULL,
    until_time INTEGER NOT NULL,
    ended      INTEGER NOT NULL,
    ended_by   TEXT    NOT NULL CHECK ((ended = 0) = (ended_by = '') AND ended_by <> username),
    end_why    TEXT    NOT NULL
) STRICT;

CREATE INDEX role_grants_open ON role_grants (username, position) WHERE ended = 0;

CREATE TRIGGER role_grants_end_once BEFORE UPDATE ON role_grants
WHEN OLD.ended <> 0 OR NEW.id <> OLD.id OR NEW.position <> OLD.position OR NEW.username <> OLD.username OR NEW.role <> OLD.role
    OR NEW.reach <> OLD.reach OR NEW.reach_in <> OLD.reach_in OR NEW.source <> OLD.source OR NEW.made_by <> OLD.made_by
    OR NEW.second <> OLD.second OR NEW.why <> OLD.why OR NEW.made <> OLD.made OR NEW.until_time <> OLD.until_time
BEGIN SELECT raise(ABORT, 'a grant is never changed, and ends once'); END;

CREATE TRIGGER role_grants_no_delete BEFORE DELETE ON role_grants
BEGIN SELECT raise(ABORT, 'a grant is never deleted'); END;

-- What waits for a second person, and what they said. A column of its own for
-- each part of the grant concerned would say the same twice: it is read whole.
CREATE TABLE role_proposals (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind        TEXT    NOT NULL CHECK (kind IN ('grant', 'revoke', 'revoked at once')),
    username    TEXT    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    grant_facts TEXT    NOT NULL CHECK (json_valid(grant_facts)),
    made_by     TEXT    NOT NULL CHECK (made_by <> '' AND made_by <> username),
    why         TEXT    NOT NULL,
    made        INTEGER NOT NULL,
    lapses      INTEGER NOT NULL CHECK (lapses > made),
    settled     INTEGER NOT NULL,
    second      TEXT    NOT NULL CHECK ((settled = 0) = (second = '')),
    outcome     TEXT    NOT NULL CHECK (outcome IN ('', 'confirmed', 'refused')),
    CHECK (second = '' OR second <> made_by AND second <> username)
) STRICT;

CREATE INDEX role_proposals_open ON role_proposals (made) WHERE settled = 0;

CREATE TRIGGER role_proposals_settle_once BEFORE UPDATE ON role_proposals
WHEN OLD.settled <> 0 OR NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.username <> OLD.username OR NEW.grant_facts <> OLD.grant_facts
    OR NEW.made_by <> OLD.made_by OR NEW.why <> OLD.why OR NEW.made <> OLD.made OR NEW.lapses <> OLD.lapses
BEGIN SELECT raise(ABORT, 'a proposal is never changed, and settled once'); END;

CREATE TRIGGER role_proposals_no_delete BEFORE DELETE ON role_proposals
BEGIN SELECT raise(ABORT, 'a proposal is never deleted'); END;

-- What people may do already.
INSERT INTO role_grants (id, position, username, role, reach, reach_in, source, made_by, second, why, made, until_time, ended, ended_by, end_why)
SELECT lower(hex(randomblob(16))), r.key, p.username, r.value, 'service', '', 'people file', 'system', '', 'from before grants were kept', 0, 0, 0, '', ''
FROM people p, json_each(p.roles) r;

INSERT INTO role_grants (id, position, username, role, reach, reach_in, source, made_by, second, why, made, until_time, ended, ended_by, end_why)
SELECT lower(hex(randomblob(16))), 1000 + q.position, q.username, 'member', 'project', q.project, 'people file', 'system', '', 'from before grants were kept', 0, 0, 0, '', ''
FROM person_projects q;
