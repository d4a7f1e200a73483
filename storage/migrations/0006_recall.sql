-- Bytes that are no longer what was stored, releases taken back, and what is
-- removed when its time is over. All of it is appended, and never changed.

-- An alarm stands until an operator ends it, with the bytes back.
CREATE TABLE blob_alarms (
    id     TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    digest TEXT    NOT NULL CHECK (length(digest) = 64),
    damage TEXT    NOT NULL CHECK (damage IN ('changed', 'missing', 'unreadable')),
    at     INTEGER NOT NULL CHECK (at > 0)
) STRICT;

CREATE INDEX blob_alarms_digest ON blob_alarms (digest);

CREATE TABLE blob_alarm_ends (
    alarm    TEXT    NOT NULL PRIMARY KEY REFERENCES blob_alarms (id) DEFERRABLE INITIALLY DEFERRED,
    at       INTEGER NOT NULL CHECK (at > 0),
    ended_by TEXT    NOT NULL CHECK (ended_by <> ''),
    reason   TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE TRIGGER blob_alarms_once BEFORE INSERT ON blob_alarms
WHEN EXISTS (SELECT 1 FROM blob_alarms AS a WHERE a.id = NEW.id
    OR a.digest = NEW.digest AND NOT EXISTS (SELECT 1 FROM blob_alarm_ends AS e WHERE e.alarm = a.id))
BEGIN SELECT raise(ABORT, 'an alarm for these bytes stands already'); END;

CREATE TRIGGER blob_alarms_no_update BEFORE UPDATE ON blob_alarms
BEGIN SELECT raise(ABORT, 'an alarm is never changed'); END;

CREATE TRIGGER blob_alarms_no_delete BEFORE DELETE ON blob_alarms
BEGIN SELECT raise(ABORT, 'an alarm is never deleted'); END;

CREATE TRIGGER blob_alarm_ends_once BEFORE INSERT ON blob_alarm_ends
WHEN EXISTS (SELECT 1 FROM blob_alarm_ends WHERE alarm = NEW.alarm)
BEGIN SELECT raise(ABORT, 'an alarm ends once'); END;

CREATE TRIGGER blob_alarm_ends_no_update BEFORE UPDATE ON blob_alarm_ends
BEGIN SELECT raise(ABORT, 'the end of an alarm is never changed'); END;

CREATE TRIGGER blob_alarm_ends_no_delete BEFORE DELETE ON blob_alarm_ends
BEGIN SELECT raise(ABORT, 'the end of an alarm is never deleted'); END;

-- How far reading all bytes again has come. Only this is overwritten.
CREATE TABLE scrub (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    begun    INTEGER NOT NULL,
    after    TEXT    NOT NULL, -- the last digest read
    done     INTEGER NOT NULL, -- blobs read in this round
    finished INTEGER NOT NULL, -- the round before: when, and how many it read
    total    INTEGER NOT NULL
) STRICT;

-- A release, or files of it, reported as a breach.
CREATE TABLE recalls (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    "release"   TEXT    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    at          INTEGER NOT NULL CHECK (at > 0),
    reporter    TEXT    NOT NULL CHECK (reporter <> ''),
    whole       INTEGER NOT NULL CHECK (whole IN (0, 1)),
    files       TEXT    NOT NULL CHECK (json_valid(files)), -- paths
    words       TEXT    NOT NULL CHECK (words <> ''),
    severity    TEXT    NOT NULL CHECK (severity IN ('low', 'moderate', 'serious')),
    discovered  INTEGER NOT NULL CHECK (discovered > 0)
) STRICT;

CREATE INDEX recalls_release ON recalls ("release", at, id);

-- What each place that a release went to could take back.
CREATE TABLE recall_withdrawals (
    recall TEXT    NOT NULL REFERENCES recalls (id) DEFERRABLE INITIALLY DEFERRED,
    sink   TEXT    NOT NULL CHECK (sink <> ''),
    at     INTEGER NOT NULL CHECK (at > 0),
    done   INTEGER NOT NULL CHECK (done IN (0, 1)),
    words  TEXT    NOT NULL,
    PRIMARY KEY (recall, sink)
) STRICT;

-- What was said of a recall afterwards. It undoes nothing.
CREATE TABLE recall_notes (
    id     TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    recall TEXT    NOT NULL REFERENCES recalls (id) DEFERRABLE INITIALLY DEFERRED,
    at     INTEGER NOT NULL CHECK (at > 0),
    author TEXT    NOT NULL CHECK (author <> ''),
    words  TEXT    NOT NULL CHECK (words <> '')
) STRICT;

CREATE INDEX recall_notes_recall ON recall_notes (recall, at, id);

CREATE TRIGGER recalls_once BEFORE INSERT ON recalls
WHEN EXISTS (SELECT 1 FROM recalls WHERE id = NEW.id)
BEGIN SELECT raise(ABORT, 'a recall is written once'); END;

CREATE TRIGGER recalls_no_update BEFORE UPDATE ON recalls
BEGIN SELECT raise(ABORT, 'a recall is never changed'); END;

CREATE TRIGGER recalls_no_delete BEFORE DELETE ON recalls
BEGIN SELECT raise(ABORT, 'a recall is never deleted'); END;

CREATE TRIGGER recall_withdrawals_once BEFORE INSERT ON recall_withdrawals
WHEN EXISTS (SELECT 1 FROM recall_withdrawals WHERE recall = NEW.recall AND sink = NEW.sink)
BEGIN SELECT raise(ABORT, 'a withdrawal is written once'); END;

CREATE TRIGGER recall_withdrawals_no_update BEFORE UPDATE ON recall_withdrawals
BEGIN SELECT raise(ABORT, 'a withdrawal is never changed'); END;

CREATE TRIGGER recall_withdrawals_no_delete BEFORE DELETE ON recall_withdrawals
BEGIN SELECT raise(ABORT, 'a withdrawal is never deleted'); END;

CREATE TRIGGER recall_notes_once BEFORE INSERT ON recall_notes
WHEN EXISTS (SELECT 1 FROM recall_notes WHERE id = NEW.id)
BEGIN SELECT raise(ABORT, 'a note is written once'); END;

CREATE TRIGGER recall_notes_no_update BEFORE UPDATE ON recall_notes
BEGIN SELECT raise(ABORT, 'a note is never changed'); END;

CREATE TRIGGER recall_notes_no_delete BEFORE DELETE ON recall_notes
BEGIN SELECT raise(ABORT, 'a note is never deleted'); END;

-- A request whose bytes must stay for as long as the hold does.
CREATE TABLE holds (
    id      TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    request TEXT    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    at      INTEGER NOT NULL CHECK (at > 0),
    put_by  TEXT    NOT NULL CHECK (put_by <> ''),
    reason  TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE INDEX holds_request ON holds (request);

CREATE TABLE hold_ends (
    hold      TEXT    NOT NULL PRIMARY KEY REFERENCES holds (id) DEFERRABLE INITIALLY DEFERRED,
    at        INTEGER NOT NULL CHECK (at > 0),
    lifted_by TEXT    NOT NULL CHECK (lifted_by <> ''),
    reason    TEXT    NOT NULL CHECK (reason <> '')
) STRICT;

CREATE TRIGGER holds_once BEFORE INSERT ON holds
WHEN EXISTS (SELECT 1 FROM holds AS h WHERE h.id = NEW.id
    OR h.request = NEW.request AND NOT EXISTS (SELECT 1 FROM hold_ends AS e WHERE e.hold = h.id))
BEGIN SELECT raise(ABORT, 'the request is held already'); END;

CREATE TRIGGER holds_no_update BEFORE UPDATE ON holds
BEGIN SELECT raise(ABORT, 'a hold is never changed'); END;

CREATE TRIGGER holds_no_delete BEFORE DELETE ON holds
BEGIN SELECT raise(ABORT, 'a hold is never deleted'); END;

CREATE TRIGGER hold_ends_once BEFORE INSERT ON hold_ends
WHEN EXISTS (SELECT 1 FROM hold_ends WHERE hold = NEW.hold)
BEGIN SELECT raise(ABORT, 'a hold is lifted once'); END;

CREATE TRIGGER hold_ends_no_update BEFORE UPDATE ON hold_ends
BEGIN SELECT raise(ABORT, 'the end of a hold is never changed'); END;

CREATE TRIGGER hold_ends_no_delete BEFORE DELETE ON hold_ends
BEGIN SELECT raise(ABORT, 'the end of a hold is never deleted'); END;

-- Requests whose bytes nobody keeps any more for their sake.
CREATE TABLE retired_requests (
    request TEXT    NOT NULL PRIMARY KEY REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    at      INTEGER NOT NULL CHECK (at > 0)
) STRICT;

-- Bytes that are removed, or are about to be, and how that ended: done = 0 when
-- somebody had stored the same bytes anew.
CREATE TABLE blob_removals (
    digest TEXT    NOT NULL CHECK (length(digest) = 64),
    at     INTEGER NOT NULL CHECK (at > 0),
    PRIMARY KEY (digest, at)
) STRICT;

CREATE TABLE blob_removal_ends (
    digest TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    ended  INTEGER NOT NULL CHECK (ended > 0),
    done   INTEGER NOT NULL CHECK (done IN (0, 1)),
    PRIMARY KEY (digest, at),
    FOREIGN KEY (digest, at) REFERENCES blob_removals (digest, at) DEFERRABLE INITIALLY DEFERRED
) STRICT;

-- Packages that were removed from places of our own.
CREATE TABLE package_removals (
    "release" TEXT    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    sink      TEXT    NOT NULL CHECK (sink <> ''),
    at        INTEGER NOT NULL CHECK (at > 0),
    PRIMARY KEY ("release", sink)
) STRICT;

-- Findings quote the files, so they go as the files do. Their digests stay in
-- the record, and findings without a row here cannot be deleted.
CREATE TABLE report_removals (
    set_digest TEXT    NOT NULL,
    policy     TEXT    NOT NULL,
    engine     TEXT    NOT NULL,
    at         INTEGER NOT NULL CHECK (at > 0),
    PRIMARY KEY (set_digest, policy, engine, at)
) STRICT;

DROP TRIGGER reports_no_delete;

CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports
WHEN NOT EXISTS (SELECT 1 FROM report_removals AS x
    WHERE x.set_digest = OLD.set_digest AND x.policy = OLD.policy AND x.engine = OLD.engine)
BEGIN SELECT raise(ABORT, 'findings are never deleted but by retention'); END;

CREATE TRIGGER retired_requests_final BEFORE INSERT ON retired_requests
WHEN EXISTS (SELECT 1 FROM retired_requests WHERE request = NEW.request)
    OR NOT EXISTS (SELECT 1 FROM requests WHERE id = NEW.request AND status IN ('RELEASED', 'REJECTED', 'WITHDRAWN'))
    OR EXISTS (SELECT 1 FROM holds AS h WHERE h.request = NEW.request
        AND NOT EXISTS (SELECT 1 FROM hold_ends AS e WHERE e.hold = h.id))
BEGIN SELECT raise(ABORT, 'the request is open, held or retired already'); END;

CREATE TRIGGER retired_requests_no_update BEFORE UPDATE ON retired_requests
BEGIN SELECT raise(ABORT, 'what is retired stays so'); END;

CREATE TRIGGER retired_requests_no_delete BEFORE DELETE ON retired_requests
BEGIN SELECT raise(ABORT, 'what is retired stays so'); END;

CREATE TRIGGER blob_removals_no_update BEFORE UPDATE ON blob_removals
BEGIN SELECT raise(ABORT, 'a removal is never changed'); END;

CREATE TRIGGER blob_removals_no_delete BEFORE DELETE ON blob_removals
BEGIN SELECT raise(ABORT, 'a removal is never deleted'); END;

CREATE TRIGGER blob_removal_ends_no_update BEFORE UPDATE ON blob_removal_ends
BEGIN SELECT raise(ABORT, 'the end of a removal is never changed'); END;

CREATE TRIGGER blob_removal_ends_no_delete BEFORE DELETE ON blob_removal_ends
BEGIN SELECT raise(ABORT, 'the end of a removal is never deleted'); END;

CREATE TRIGGER package_removals_no_update BEFORE UPDATE ON package_removals
BEGIN SELECT raise(ABORT, 'a removal is never changed'); END;

CREATE TRIGGER package_removals_no_delete BEFORE DELETE ON package_removals
BEGIN SELECT raise(ABORT, 'a removal is never deleted'); END;

CREATE TRIGGER report_removals_no_update BEFORE UPDATE ON report_removals
BEGIN SELECT raise(ABORT, 'a removal is never changed'); END;

CREATE TRIGGER report_removals_no_delete BEFORE DELETE ON report_removals
BEGIN SELECT raise(ABORT, 'a removal is never deleted'); END;
