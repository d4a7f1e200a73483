-- The first schema. Times are microseconds since 1970 UTC, and 0 means "not
-- set". JSON columns hold what is only ever read and written whole.
--
-- Child rows of a request carry its id, so that a request of any size is read
-- with one statement per table. References are deferred: an update writes its
-- rows in any order, and the commit checks them.

-- What a guard does: it refuses, with the reason that the trigger gives.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;

CREATE TABLE projects (
    id     text NOT NULL PRIMARY KEY CHECK (id <> ''),
    name   text NOT NULL,
    number text NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('', 'study', 'testing', 'curation')),
    backend text NOT NULL
);

-- A workspace belongs to one project: its members are who may see it.
CREATE TABLE project_workspaces (
    workspace text    NOT NULL PRIMARY KEY CHECK (workspace <> ''),
    project   text    NOT NULL REFERENCES projects (id) DEFERRABLE INITIALLY DEFERRED,
    position  bigint NOT NULL
);

CREATE INDEX project_workspaces_project ON project_workspaces (project, position);

CREATE TABLE people (
    username      text    NOT NULL PRIMARY KEY CHECK (username <> ''),
    name          text    NOT NULL,
    email         text    NOT NULL,
    roles         text    NOT NULL CHECK (roles::json IS NOT NULL),
    disabled      boolean NOT NULL,
    trained_until bigint NOT NULL,
    absences      text    NOT NULL CHECK (absences::json IS NOT NULL),
    skills        text    NOT NULL CHECK (skills::json IS NOT NULL),
    password_hash text    NOT NULL
);

CREATE TABLE person_projects (
    username text    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    project  text    NOT NULL REFERENCES projects (id) DEFERRABLE INITIALLY DEFERRED,
    position bigint NOT NULL,
    PRIMARY KEY (username, project)
);

CREATE TABLE requests (
    id                text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    version           bigint NOT NULL CHECK (version > 0),
    workspace         text    NOT NULL CHECK (workspace <> ''),
    project           text    NOT NULL,
    author            text    NOT NULL CHECK (author <> ''),
    status            text    NOT NULL CHECK (status IN ('PENDING', 'SUBMITTED', 'PARTIALLY_REVIEWED',
                          'REVIEWED', 'APPROVED', 'RELEASED', 'RETURNED', 'REJECTED', 'WITHDRAWN')),
    turn              bigint NOT NULL CHECK (turn > 0),
    title             text    NOT NULL,
    project_number    text    NOT NULL,
    repository        text    NOT NULL,
    purpose           text    NOT NULL,
    concerns          text    NOT NULL,
    checklist         text    NOT NULL CHECK (checklist::json IS NOT NULL),
    policy_name       text    NOT NULL,
    policy_version    text    NOT NULL,
    policy_sha256     text    NOT NULL,
    permitted_results text    NOT NULL,
    report_set        text    NOT NULL,
    report_policy     text    NOT NULL,
    report_engine     text    NOT NULL,
    findings          text    NOT NULL,
    worst             text    NOT NULL,
    created           bigint NOT NULL,
    updated           bigint NOT NULL,
    submitted         bigint NOT NULL,
    due               bigint NOT NULL,
    decided           bigint NOT NULL,
    released          bigint NOT NULL,
    acknowledgements  text    NOT NULL CHECK (acknowledgements::json IS NOT NULL),
    reused            text    NOT NULL
);

-- One active request per author and workspace.
CREATE UNIQUE INDEX requests_one_active ON requests (author, workspace)
    WHERE status IN ('PENDING', 'RETURNED', 'SUBMITTED', 'PARTIALLY_REVIEWED', 'REVIEWED', 'APPROVED');

CREATE INDEX requests_created ON requests (created DESC, id DESC);
CREATE INDEX requests_author ON requests (author, created DESC, id DESC);
CREATE INDEX requests_workspace ON requests (workspace, created DESC, id DESC);
CREATE INDEX requests_project ON requests (project, created DESC, id DESC);
CREATE INDEX requests_status ON requests (status, created DESC, id DESC);

CREATE TABLE request_groups (
    request       text    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    id            text    NOT NULL CHECK (id <> ''),
    position      bigint NOT NULL,
    name          text    NOT NULL,
    context       text    NOT NULL CHECK (context::json IS NOT NULL),
    controls      text    NOT NULL CHECK (controls::json IS NOT NULL),
    pattern       text    NOT NULL,
    pattern_count bigint NOT NULL,
    intermediate  boolean NOT NULL,
    PRIMARY KEY (request, id)
);

CREATE TABLE request_files (
    request      text    NOT NULL,
    id           text    NOT NULL CHECK (id <> ''),
    group_id     text    NOT NULL,
    position     bigint NOT NULL,
    path         text    NOT NULL CHECK (path <> ''),
    kind         text    NOT NULL CHECK (kind IN ('output', 'supporting', 'withdrawn')),
    digest       text    NOT NULL,
    size         bigint NOT NULL CHECK (size >= 0),
    release      text    NOT NULL,
    release_size bigint NOT NULL CHECK (release_size >= 0),
    media_type   text    NOT NULL,
    cleaning     text    NOT NULL CHECK (cleaning::json IS NOT NULL),
    clean_error  text    NOT NULL,
    origin       text    NOT NULL CHECK (origin::json IS NOT NULL),
    added        bigint NOT NULL,
    checkers     text    NOT NULL CHECK (checkers::json IS NOT NULL),
    exceptions   text    NOT NULL CHECK (exceptions::json IS NOT NULL),
    previous     text    NOT NULL CHECK (previous::json IS NOT NULL),
    past_votes   text    NOT NULL CHECK (past_votes::json IS NOT NULL),
    PRIMARY KEY (request, id),
    FOREIGN KEY (request, group_id) REFERENCES request_groups (request, id) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX request_files_group ON request_files (request, group_id);

CREATE TABLE request_votes (
    request  text    NOT NULL,
    file     text    NOT NULL,
    checker  text    NOT NULL CHECK (checker <> ''),
    position bigint NOT NULL,
    decision text    NOT NULL CHECK (decision IN ('approve', 'changes', 'reject', 'undecided')),
    reason   text    NOT NULL,
    turn     bigint NOT NULL,
    at       bigint NOT NULL,
    basis    text    NOT NULL,
    earlier  text    NOT NULL,
    earlier_reason text NOT NULL,
    PRIMARY KEY (request, file, checker),
    FOREIGN KEY (request, file) REFERENCES request_files (request, id) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE request_seats (
    request   text    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    checker   text    NOT NULL CHECK (checker <> ''),
    position  bigint NOT NULL,
    assigned  bigint NOT NULL,
    why       text    NOT NULL,
    submitted bigint NOT NULL,
    specialist boolean NOT NULL,
    reminded  bigint NOT NULL,
    PRIMARY KEY (request, checker)
);

CREATE INDEX request_seats_checker ON request_seats (checker, request);

CREATE TABLE request_comments (
    request     text    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    id          text    NOT NULL CHECK (id <> ''),
    position    bigint NOT NULL,
    group_id    text    NOT NULL,
    file        text    NOT NULL,
    author      text    NOT NULL CHECK (author <> ''),
    by_checker  boolean NOT NULL,
    visibility  text    NOT NULL CHECK (visibility IN ('public', 'checkers')),
    text        text    NOT NULL,
    line        bigint NOT NULL,
    col         bigint NOT NULL,
    published   bigint NOT NULL,
    turn        bigint NOT NULL,
    at          bigint NOT NULL,
    independent boolean NOT NULL,
    PRIMARY KEY (request, id)
);

-- Findings, once per set of files, policy and engine.
CREATE TABLE reports (
    set_digest text NOT NULL,
    policy     text NOT NULL,
    engine     text NOT NULL,
    body       bytea NOT NULL,
    PRIMARY KEY (set_digest, policy, engine)
);

CREATE TABLE releases (
    id             text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    request        text    NOT NULL UNIQUE REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    workspace      text    NOT NULL,
    project        text    NOT NULL,
    author         text    NOT NULL,
    title          text    NOT NULL,
    purpose        text    NOT NULL,
    policy_name    text    NOT NULL,
    policy_version text    NOT NULL,
    policy_sha256  text    NOT NULL,
    findings       text    NOT NULL,
    approved       bigint NOT NULL,
    approved_by    text    NOT NULL,
    checkers       text    NOT NULL CHECK (checkers::json IS NOT NULL),
    file_count     bigint NOT NULL,
    delivered      bigint NOT NULL,
    location       text    NOT NULL
);

CREATE INDEX releases_approved ON releases (approved DESC, id DESC);
CREATE INDEX releases_workspace ON releases (workspace, approved DESC, id DESC);

CREATE TABLE release_files (
    release   text    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    position  bigint NOT NULL CHECK (position >= 0),
    path      text    NOT NULL CHECK (path <> ''),
    sha256    text    NOT NULL CHECK (length(sha256) = 64),
    size      bigint NOT NULL CHECK (size >= 0),
    original  text    NOT NULL,
    group_name text   NOT NULL,
    approvals text    NOT NULL CHECK (approvals::json IS NOT NULL),
    PRIMARY KEY (release, position)
);

CREATE TABLE jobs (
    id        text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind      text    NOT NULL CHECK (kind <> ''),
    request   text    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    state     text    NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    tries     bigint NOT NULL CHECK (tries >= 0),
    max_tries bigint NOT NULL CHECK (max_tries > 0),
    due       bigint NOT NULL,
    leased    bigint NOT NULL, -- until when; 0 when nobody has it
    reason    text    NOT NULL
);

CREATE INDEX jobs_next ON jobs (state, due, id);

CREATE TABLE sessions (
    token_hash text    NOT NULL PRIMARY KEY,
    data       bytea    NOT NULL,
    expiry     bigint NOT NULL
);

CREATE INDEX sessions_expiry ON sessions (expiry);

-- The record. Seq is the position in the log, leaf the SHA-256 of the event's
-- canonical encoding (review.Event.Canonical).
CREATE TABLE events (
    seq         bigint NOT NULL PRIMARY KEY,
    at          bigint NOT NULL CHECK (at > 0),
    type        text    NOT NULL CHECK (type <> ''),
    actor       text    NOT NULL,
    request     text    NOT NULL,
    workspace   text    NOT NULL,
    group_id    text    NOT NULL,
    file        text    NOT NULL,
    path        text    NOT NULL,
    turn        bigint NOT NULL,
    from_status text    NOT NULL,
    to_status   text    NOT NULL,
    digest      text    NOT NULL,
    findings    text    NOT NULL,
    policy      text    NOT NULL,
    detail      text    NOT NULL CHECK (detail::json IS NOT NULL),
    source      text    NOT NULL,
    leaf        bytea    NOT NULL CHECK (length(leaf) = 32)
);

CREATE INDEX events_request ON events (request, seq);
CREATE INDEX events_actor ON events (actor, seq);
CREATE INDEX events_type ON events (type, seq);

-- The database itself keeps the record: events are appended in order without
-- gaps and never altered, by its owner either.
CREATE FUNCTION events_in_order() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events) THEN
        RAISE EXCEPTION 'events are appended in order';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER events_in_order BEFORE INSERT ON events
    FOR EACH ROW EXECUTE FUNCTION events_in_order();
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse('events are never changed');
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION refuse('events are never deleted');
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    EXECUTE FUNCTION refuse('events are never deleted');

CREATE TRIGGER reports_no_update BEFORE UPDATE ON reports
    FOR EACH ROW EXECUTE FUNCTION refuse('findings are never changed');
CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports
    FOR EACH ROW EXECUTE FUNCTION refuse('findings are never deleted');
CREATE TRIGGER reports_no_truncate BEFORE TRUNCATE ON reports
    EXECUTE FUNCTION refuse('findings are never deleted');

-- A release is written once; only its delivery is filled in, once.
CREATE TRIGGER releases_deliver_once BEFORE UPDATE ON releases
    FOR EACH ROW WHEN (OLD.delivered <> 0 OR NEW.delivered = 0
    OR NEW.id <> OLD.id OR NEW.request <> OLD.request OR NEW.workspace <> OLD.workspace
    OR NEW.project <> OLD.project OR NEW.author <> OLD.author OR NEW.title <> OLD.title
    OR NEW.purpose <> OLD.purpose OR NEW.policy_name <> OLD.policy_name
    OR NEW.policy_version <> OLD.policy_version OR NEW.policy_sha256 <> OLD.policy_sha256
    OR NEW.findings <> OLD.findings OR NEW.approved <> OLD.approved
    OR NEW.approved_by <> OLD.approved_by OR NEW.checkers <> OLD.checkers
    OR NEW.file_count <> OLD.file_count)
    EXECUTE FUNCTION refuse('a release is never changed, and delivered once');
CREATE TRIGGER releases_no_delete BEFORE DELETE ON releases
    FOR EACH ROW EXECUTE FUNCTION refuse('a release is never deleted');
CREATE TRIGGER releases_no_truncate BEFORE TRUNCATE ON releases
    EXECUTE FUNCTION refuse('a release is never deleted');

CREATE FUNCTION release_files_complete() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.position >= (SELECT file_count FROM releases WHERE id = NEW.release) THEN
        RAISE EXCEPTION 'the files of a release are written once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER release_files_complete BEFORE INSERT ON release_files
    FOR EACH ROW EXECUTE FUNCTION release_files_complete();
CREATE TRIGGER release_files_no_update BEFORE UPDATE ON release_files
    FOR EACH ROW EXECUTE FUNCTION refuse('the files of a release are never changed');
CREATE TRIGGER release_files_no_delete BEFORE DELETE ON release_files
    FOR EACH ROW EXECUTE FUNCTION refuse('the files of a release are never deleted');
CREATE TRIGGER release_files_no_truncate BEFORE TRUNCATE ON release_files
    EXECUTE FUNCTION refuse('the files of a release are never deleted');
