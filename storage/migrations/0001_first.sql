-- The first schema. Times are microseconds since 1970 UTC, and 0 means "not
-- set". JSON columns hold what is only ever read and written whole.
--
-- Child rows of a request carry its id, so that a request of any size is read
-- with one statement per table. References are deferred: an update writes its
-- rows in any order, and the commit checks them.

CREATE TABLE projects (
    id     TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    name   TEXT NOT NULL,
    number TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('', 'study', 'testing', 'curation')),
    backend TEXT NOT NULL
) STRICT;

-- A workspace belongs to one project: its members are who may see it.
CREATE TABLE project_workspaces (
    workspace TEXT    NOT NULL PRIMARY KEY CHECK (workspace <> ''),
    project   TEXT    NOT NULL REFERENCES projects (id) DEFERRABLE INITIALLY DEFERRED,
    position  INTEGER NOT NULL
) STRICT;

CREATE INDEX project_workspaces_project ON project_workspaces (project, position);

CREATE TABLE people (
    username      TEXT    NOT NULL PRIMARY KEY CHECK (username <> ''),
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    roles         TEXT    NOT NULL CHECK (json_valid(roles)),
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    trained_until INTEGER NOT NULL,
    absences      TEXT    NOT NULL CHECK (json_valid(absences)),
    skills        TEXT    NOT NULL CHECK (json_valid(skills)),
    password_hash TEXT    NOT NULL
) STRICT;

CREATE TABLE person_projects (
    username TEXT    NOT NULL REFERENCES people (username) DEFERRABLE INITIALLY DEFERRED,
    project  TEXT    NOT NULL REFERENCES projects (id) DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL,
    PRIMARY KEY (username, project)
) STRICT;

CREATE TABLE requests (
    id                TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    version           INTEGER NOT NULL CHECK (version > 0),
    workspace         TEXT    NOT NULL CHECK (workspace <> ''),
    project           TEXT    NOT NULL,
    author            TEXT    NOT NULL CHECK (author <> ''),
    status            TEXT    NOT NULL CHECK (status IN ('PENDING', 'SUBMITTED', 'PARTIALLY_REVIEWED',
                          'REVIEWED', 'APPROVED', 'RELEASED', 'RETURNED', 'REJECTED', 'WITHDRAWN')),
    turn              INTEGER NOT NULL CHECK (turn > 0),
    title             TEXT    NOT NULL,
    project_number    TEXT    NOT NULL,
    repository        TEXT    NOT NULL,
    purpose           TEXT    NOT NULL,
    concerns          TEXT    NOT NULL,
    checklist         TEXT    NOT NULL CHECK (json_valid(checklist)),
    policy_name       TEXT    NOT NULL,
    policy_version    TEXT    NOT NULL,
    policy_sha256     TEXT    NOT NULL,
    permitted_results TEXT    NOT NULL,
    report_set        TEXT    NOT NULL,
    report_policy     TEXT    NOT NULL,
    report_engine     TEXT    NOT NULL,
    findings          TEXT    NOT NULL,
    worst             TEXT    NOT NULL,
    created           INTEGER NOT NULL,
    updated           INTEGER NOT NULL,
    submitted         INTEGER NOT NULL,
    due               INTEGER NOT NULL,
    decided           INTEGER NOT NULL,
    released          INTEGER NOT NULL,
    acknowledgements  TEXT    NOT NULL CHECK (json_valid(acknowledgements)),
    reused            TEXT    NOT NULL
) STRICT;

-- One active request per author and workspace.
CREATE UNIQUE INDEX requests_one_active ON requests (author, workspace)
    WHERE status IN ('PENDING', 'RETURNED', 'SUBMITTED', 'PARTIALLY_REVIEWED', 'REVIEWED', 'APPROVED');

CREATE INDEX requests_created ON requests (created DESC, id DESC);
CREATE INDEX requests_author ON requests (author, created DESC, id DESC);
CREATE INDEX requests_workspace ON requests (workspace, created DESC, id DESC);
CREATE INDEX requests_project ON requests (project, created DESC, id DESC);
CREATE INDEX requests_status ON requests (status, created DESC, id DESC);

CREATE TABLE request_groups (
    request       TEXT    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    id            TEXT    NOT NULL CHECK (id <> ''),
    position      INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    context       TEXT    NOT NULL CHECK (json_valid(context)),
    controls      TEXT    NOT NULL CHECK (json_valid(controls)),
    pattern       TEXT    NOT NULL,
    pattern_count INTEGER NOT NULL,
    intermediate  INTEGER NOT NULL CHECK (intermediate IN (0, 1)),
    PRIMARY KEY (request, id)
) STRICT;

CREATE TABLE request_files (
    request      TEXT    NOT NULL,
    id           TEXT    NOT NULL CHECK (id <> ''),
    group_id     TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    path         TEXT    NOT NULL CHECK (path <> ''),
    kind         TEXT    NOT NULL CHECK (kind IN ('output', 'supporting', 'withdrawn')),
    digest       TEXT    NOT NULL,
    size         INTEGER NOT NULL CHECK (size >= 0),
    release      TEXT    NOT NULL,
    release_size INTEGER NOT NULL CHECK (release_size >= 0),
    media_type   TEXT    NOT NULL,
    cleaning     TEXT    NOT NULL CHECK (json_valid(cleaning)),
    clean_error  TEXT    NOT NULL,
    origin       TEXT    NOT NULL CHECK (json_valid(origin)),
    added        INTEGER NOT NULL,
    checkers     TEXT    NOT NULL CHECK (json_valid(checkers)),
    exceptions   TEXT    NOT NULL CHECK (json_valid(exceptions)),
    previous     TEXT    NOT NULL CHECK (json_valid(previous)),
    past_votes   TEXT    NOT NULL CHECK (json_valid(past_votes)),
    PRIMARY KEY (request, id),
    FOREIGN KEY (request, group_id) REFERENCES request_groups (request, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE INDEX request_files_group ON request_files (request, group_id);

CREATE TABLE request_votes (
    request  TEXT    NOT NULL,
    file     TEXT    NOT NULL,
    checker  TEXT    NOT NULL CHECK (checker <> ''),
    position INTEGER NOT NULL,
    decision TEXT    NOT NULL CHECK (decision IN ('approve', 'changes', 'reject', 'undecided')),
    reason   TEXT    NOT NULL,
    turn     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    basis    TEXT    NOT NULL,
    earlier  TEXT    NOT NULL,
    earlier_reason TEXT NOT NULL,
    PRIMARY KEY (request, file, checker),
    FOREIGN KEY (request, file) REFERENCES request_files (request, id) DEFERRABLE INITIALLY DEFERRED
) STRICT;

CREATE TABLE request_seats (
    request   TEXT    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    checker   TEXT    NOT NULL CHECK (checker <> ''),
    position  INTEGER NOT NULL,
    assigned  INTEGER NOT NULL,
    why       TEXT    NOT NULL,
    submitted INTEGER NOT NULL,
    specialist INTEGER NOT NULL CHECK (specialist IN (0, 1)),
    reminded  INTEGER NOT NULL,
    PRIMARY KEY (request, checker)
) STRICT;

CREATE INDEX request_seats_checker ON request_seats (checker, request);

CREATE TABLE request_comments (
    request     TEXT    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    id          TEXT    NOT NULL CHECK (id <> ''),
    position    INTEGER NOT NULL,
    group_id    TEXT    NOT NULL,
    file        TEXT    NOT NULL,
    author      TEXT    NOT NULL CHECK (author <> ''),
    by_checker  INTEGER NOT NULL CHECK (by_checker IN (0, 1)),
    visibility  TEXT    NOT NULL CHECK (visibility IN ('public', 'checkers')),
    text        TEXT    NOT NULL,
    line        INTEGER NOT NULL,
    col         INTEGER NOT NULL,
    published   INTEGER NOT NULL,
    turn        INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    independent INTEGER NOT NULL CHECK (independent IN (0, 1)),
    PRIMARY KEY (request, id)
) STRICT;

-- Findings, once per set of files, policy and engine.
CREATE TABLE reports (
    set_digest TEXT NOT NULL,
    policy     TEXT NOT NULL,
    engine     TEXT NOT NULL,
    body       BLOB NOT NULL,
    PRIMARY KEY (set_digest, policy, engine)
) STRICT;

CREATE TABLE releases (
    id             TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    request        TEXT    NOT NULL UNIQUE REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    workspace      TEXT    NOT NULL,
    project        TEXT    NOT NULL,
    author         TEXT    NOT NULL,
    title          TEXT    NOT NULL,
    purpose        TEXT    NOT NULL,
    policy_name    TEXT    NOT NULL,
    policy_version TEXT    NOT NULL,
    policy_sha256  TEXT    NOT NULL,
    findings       TEXT    NOT NULL,
    approved       INTEGER NOT NULL,
    approved_by    TEXT    NOT NULL,
    checkers       TEXT    NOT NULL CHECK (json_valid(checkers)),
    file_count     INTEGER NOT NULL,
    delivered      INTEGER NOT NULL,
    location       TEXT    NOT NULL
) STRICT;

CREATE INDEX releases_approved ON releases (approved DESC, id DESC);
CREATE INDEX releases_workspace ON releases (workspace, approved DESC, id DESC);

CREATE TABLE release_files (
    release   TEXT    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    position  INTEGER NOT NULL CHECK (position >= 0),
    path      TEXT    NOT NULL CHECK (path <> ''),
    sha256    TEXT    NOT NULL CHECK (length(sha256) = 64),
    size      INTEGER NOT NULL CHECK (size >= 0),
    original  TEXT    NOT NULL,
    group_name TEXT   NOT NULL,
    approvals TEXT    NOT NULL CHECK (json_valid(approvals)),
    PRIMARY KEY (release, position)
) STRICT;

CREATE TABLE jobs (
    id        TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind      TEXT    NOT NULL CHECK (kind <> ''),
    request   TEXT    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    state     TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    tries     INTEGER NOT NULL CHECK (tries >= 0),
    max_tries INTEGER NOT NULL CHECK (max_tries > 0),
    due       INTEGER NOT NULL,
    leased    INTEGER NOT NULL, -- until when; 0 when nobody has it
    reason    TEXT    NOT NULL
) STRICT;

CREATE INDEX jobs_next ON jobs (state, due, id);

CREATE TABLE sessions (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    data       BLOB    NOT NULL,
    expiry     INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_expiry ON sessions (expiry);

-- The record. Seq is the position in the log, leaf the SHA-256 of the event's
-- canonical encoding (review.Event.Canonical).
CREATE TABLE events (
    seq         INTEGER NOT NULL PRIMARY KEY,
    at          INTEGER NOT NULL CHECK (at > 0),
    type        TEXT    NOT NULL CHECK (type <> ''),
    actor       TEXT    NOT NULL,
    request     TEXT    NOT NULL,
    workspace   TEXT    NOT NULL,
    group_id    TEXT    NOT NULL,
    file        TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    turn        INTEGER NOT NULL,
    from_status TEXT    NOT NULL,
    to_status   TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    findings    TEXT    NOT NULL,
    policy      TEXT    NOT NULL,
    detail      TEXT    NOT NULL CHECK (json_valid(detail)),
    source      TEXT    NOT NULL,
    leaf        BLOB    NOT NULL CHECK (length(leaf) = 32)
) STRICT;

CREATE INDEX events_request ON events (request, seq);
CREATE INDEX events_actor ON events (actor, seq);
CREATE INDEX events_type ON events (type, seq);

-- The database itself keeps the record: events are appended in order without
-- gaps and never altered. The insert trigger also stops INSERT OR REPLACE.
CREATE TRIGGER events_in_order BEFORE INSERT ON events
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM events)
BEGIN SELECT raise(ABORT, 'events are appended in order'); END;

CREATE TRIGGER events_no_update BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'events are never changed'); END;

CREATE TRIGGER events_no_delete BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'events are never deleted'); END;

CREATE TRIGGER reports_once BEFORE INSERT ON reports
WHEN EXISTS (SELECT 1 FROM reports WHERE set_digest = NEW.set_digest AND policy = NEW.policy AND engine = NEW.engine)
BEGIN SELECT raise(IGNORE); END;

CREATE TRIGGER reports_no_update BEFORE UPDATE ON reports
BEGIN SELECT raise(ABORT, 'findings are never changed'); END;

CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports
BEGIN SELECT raise(ABORT, 'findings are never deleted'); END;

-- A release is written once; only its delivery is filled in, once.
CREATE TRIGGER releases_once BEFORE INSERT ON releases
WHEN EXISTS (SELECT 1 FROM releases WHERE id = NEW.id OR request = NEW.request)
BEGIN SELECT raise(ABORT, 'a release is written once'); END;

CREATE TRIGGER releases_deliver_once BEFORE UPDATE ON releases
WHEN OLD.delivered <> 0 OR NEW.delivered = 0
    OR NEW.id <> OLD.id OR NEW.request <> OLD.request OR NEW.workspace <> OLD.workspace
    OR NEW.project <> OLD.project OR NEW.author <> OLD.author OR NEW.title <> OLD.title
    OR NEW.purpose <> OLD.purpose OR NEW.policy_name <> OLD.policy_name
    OR NEW.policy_version <> OLD.policy_version OR NEW.policy_sha256 <> OLD.policy_sha256
    OR NEW.findings <> OLD.findings OR NEW.approved <> OLD.approved
    OR NEW.approved_by <> OLD.approved_by OR NEW.checkers <> OLD.checkers
    OR NEW.file_count <> OLD.file_count
BEGIN SELECT raise(ABORT, 'a release is never changed, and delivered once'); END;

CREATE TRIGGER releases_no_delete BEFORE DELETE ON releases
BEGIN SELECT raise(ABORT, 'a release is never deleted'); END;

CREATE TRIGGER release_files_complete BEFORE INSERT ON release_files
WHEN NEW.position >= (SELECT file_count FROM releases WHERE id = NEW.release)
    OR EXISTS (SELECT 1 FROM release_files WHERE release = NEW.release AND position = NEW.position)
BEGIN SELECT raise(ABORT, 'the files of a release are written once'); END;

CREATE TRIGGER release_files_no_update BEFORE UPDATE ON release_files
BEGIN SELECT raise(ABORT, 'the files of a release are never changed'); END;

CREATE TRIGGER release_files_no_delete BEFORE DELETE ON release_files
BEGIN SELECT raise(ABORT, 'the files of a release are never deleted'); END;
