-- Who may do what: roles of people, each with who gave it, when, why and until
-- when. Nothing is deleted: it ends, once. The columns people.roles and the table
-- person_projects are still written, and no longer read.

CREATE TABLE role_grants (
    id         text   NOT NULL PRIMARY KEY CHECK (id <> ''),
    position   bigint NOT NULL,
    username   text   NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    role       text   NOT NULL CHECK (role <> ''),
    reach      text   NOT NULL CHECK (reach IN ('service', 'project', 'backend')),
    reach_in   text   NOT NULL CHECK ((reach = 'service') = (reach_in = '')),
    source     text   NOT NULL CHECK (source <> ''),
    made_by    text   NOT NULL CHECK (made_by <> '' AND made_by <> username),
    second     text   NOT NULL CHECK (second = '' OR second <> made_by AND second <> username),
    why        text   NOT NULL,
    made       bigint NOT NULL,
    until_time bigint NOT NULL,
    ended      bigint NOT NULL,
    ended_by   text   NOT NULL CHECK ((ended = 0) = (ended_by = '') AND ended_by <> username),
    end_why    text   NOT NULL
);

CREATE INDEX role_grants_open ON role_grants (username, position) WHERE ended = 0;

CREATE TRIGGER role_grants_end_once BEFORE UPDATE ON role_grants
    FOR EACH ROW WHEN (OLD.ended <> 0 OR NEW.id <> OLD.id OR NEW.position <> OLD.position OR NEW.username <> OLD.username OR NEW.role <> OLD.role
    OR NEW.reach <> OLD.reach OR NEW.reach_in <> OLD.reach_in OR NEW.source <> OLD.source OR NEW.made_by <> OLD.made_by
    OR NEW.second <> OLD.second OR NEW.why <> OLD.why OR NEW.made <> OLD.made OR NEW.until_time <> OLD.until_time)
    EXECUTE FUNCTION refuse('a grant is never changed, and ends once');

CREATE TRIGGER role_grants_no_delete BEFORE DELETE ON role_grants
    FOR EACH ROW EXECUTE FUNCTION refuse('a grant is never deleted');

CREATE TRIGGER role_grants_no_truncate BEFORE TRUNCATE ON role_grants
    EXECUTE FUNCTION refuse('a grant is never deleted');

-- What waits for a second person, and what they said. A column of its own for
-- each part of the grant concerned would say the same twice: it is read whole.
CREATE TABLE role_proposals (
    id          text   NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind        text   NOT NULL CHECK (kind IN ('grant', 'revoke', 'revoked at once')),
    username    text   NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    grant_facts text   NOT NULL CHECK (grant_facts::json IS NOT NULL),
    made_by     text   NOT NULL CHECK (made_by <> '' AND made_by <> username),
    why         text   NOT NULL,
    made        bigint NOT NULL,
    lapses      bigint NOT NULL CHECK (lapses > made),
    settled     bigint NOT NULL,
    second      text   NOT NULL CHECK ((settled = 0) = (second = '')),
    outcome     text   NOT NULL CHECK (outcome IN ('', 'confirmed', 'refused')),
    CHECK (second = '' OR second <> made_by AND second <> username)
);

CREATE INDEX role_proposals_open ON role_proposals (made) WHERE settled = 0;

CREATE TRIGGER role_proposals_settle_once BEFORE UPDATE ON role_proposals
    FOR EACH ROW WHEN (OLD.settled <> 0 OR NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.username <> OLD.username OR NEW.grant_facts <> OLD.grant_facts
    OR NEW.made_by <> OLD.made_by OR NEW.why <> OLD.why OR NEW.made <> OLD.made OR NEW.lapses <> OLD.lapses)
    EXECUTE FUNCTION refuse('a proposal is never changed, and settled once');

CREATE TRIGGER role_proposals_no_delete BEFORE DELETE ON role_proposals
    FOR EACH ROW EXECUTE FUNCTION refuse('a proposal is never deleted');

CREATE TRIGGER role_proposals_no_truncate BEFORE TRUNCATE ON role_proposals
    EXECUTE FUNCTION refuse('a proposal is never deleted');

-- What people may do already.
INSERT INTO role_grants (id, position, username, role, reach, reach_in, source, made_by, second, why, made, until_time, ended, ended_by, end_why)
SELECT replace(gen_random_uuid()::text, '-', ''), r.ordinality - 1, p.username, r.value, 'service', '', 'people file', 'system', '', 'from before grants were kept', 0, 0, 0, '', ''
FROM people p, json_array_elements_text(p.roles::json) WITH ORDINALITY r;

INSERT INTO role_grants (id, position, username, role, reach, reach_in, source, made_by, second, why, made, until_time, ended, ended_by, end_why)
SELECT replace(gen_random_uuid()::text, '-', ''), 1000 + q.position, q.username, 'member', 'project', q.project, 'people file', 'system', '', 'from before grants were kept', 0, 0, 0, '', ''
FROM person_projects q;
