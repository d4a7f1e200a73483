-- The outbox serves more than releases: a job has a target and a payload, and
-- need not belong to a request. Fence counts who has held it, so that a worker
-- whose lease ran out cannot end another's try.
CREATE TABLE jobs_with_targets (
    id        TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    kind      TEXT    NOT NULL CHECK (kind <> ''),
    request   TEXT    REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED, -- NULL for a job of none
    target    TEXT    NOT NULL,
    payload   BLOB    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    tries     INTEGER NOT NULL CHECK (tries >= 0),
    max_tries INTEGER NOT NULL CHECK (max_tries > 0),
    created   INTEGER NOT NULL, -- when it first was due
    due       INTEGER NOT NULL,
    leased    INTEGER NOT NULL, -- until when; 0 when nobody has it
    fence     INTEGER NOT NULL,
    failing   INTEGER NOT NULL, -- since when; 0 when it has not failed
    reason    TEXT    NOT NULL
) STRICT;

INSERT INTO jobs_with_targets (id, kind, request, target, payload, state, tries, max_tries, created, due, leased, fence, failing, reason)
    SELECT id, kind, request, CASE kind WHEN 'release' THEN 'exports' ELSE '' END, x'', state, tries, max_tries,
           due, due, leased, tries, CASE reason WHEN '' THEN 0 ELSE due END, reason
    FROM jobs;

DROP TABLE jobs;
ALTER TABLE jobs_with_targets RENAME TO jobs;

CREATE INDEX jobs_next ON jobs (state, due, id);
CREATE INDEX jobs_target ON jobs (target, leased) WHERE leased <> 0;
CREATE INDEX jobs_request ON jobs (request, id) WHERE request IS NOT NULL;

-- Where each release is to go, written when it is approved, and each delivery
-- filled in once.
CREATE TABLE release_deliveries (
    release   TEXT    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    position  INTEGER NOT NULL CHECK (position >= 0),
    sink      TEXT    NOT NULL CHECK (sink <> ''),
    delivered INTEGER NOT NULL,
    location  TEXT    NOT NULL,
    PRIMARY KEY (release, sink)
) STRICT;

INSERT INTO release_deliveries (release, position, sink, delivered, location)
    SELECT id, 0, 'exports', delivered, location FROM releases;

CREATE TRIGGER release_deliveries_once BEFORE INSERT ON release_deliveries
WHEN NEW.delivered <> 0 OR EXISTS (SELECT 1 FROM release_deliveries WHERE release = NEW.release AND sink = NEW.sink)
    OR EXISTS (SELECT 1 FROM releases WHERE id = NEW.release AND delivered <> 0)
BEGIN SELECT raise(ABORT, 'where a release is to go is written once'); END;

CREATE TRIGGER release_deliveries_deliver_once BEFORE UPDATE ON release_deliveries
WHEN OLD.delivered <> 0 OR NEW.delivered = 0 OR NEW.release <> OLD.release OR NEW.position <> OLD.position OR NEW.sink <> OLD.sink
BEGIN SELECT raise(ABORT, 'a delivery is filled in once'); END;

CREATE TRIGGER release_deliveries_no_delete BEFORE DELETE ON release_deliveries
BEGIN SELECT raise(ABORT, 'a delivery is never deleted'); END;
