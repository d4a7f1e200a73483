-- Bytes that are no longer what was stored, releases taken back, and what is
-- removed when its time is over. All of it is appended, and never changed.

-- An alarm stands until an operator ends it, with the bytes back.
CREATE TABLE blob_alarms (
    id     text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    digest text    NOT NULL CHECK (length(digest) = 64),
    damage text    NOT NULL CHECK (damage IN ('changed', 'missing', 'unreadable')),
    at     bigint NOT NULL CHECK (at > 0)
);

CREATE INDEX blob_alarms_digest ON blob_alarms (digest);

CREATE TABLE blob_alarm_ends (
    alarm    text    NOT NULL PRIMARY KEY REFERENCES blob_alarms (id) DEFERRABLE INITIALLY DEFERRED,
    at       bigint NOT NULL CHECK (at > 0),
    ended_by text    NOT NULL CHECK (ended_by <> ''),
    reason   text    NOT NULL CHECK (reason <> '')
);

CREATE FUNCTION blob_alarms_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM blob_alarms AS a WHERE a.id = NEW.id
    OR a.digest = NEW.digest AND NOT EXISTS (SELECT 1 FROM blob_alarm_ends AS e WHERE e.alarm = a.id)) THEN
        RAISE EXCEPTION 'an alarm for these bytes stands already';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER blob_alarms_once BEFORE INSERT ON blob_alarms
    FOR EACH ROW EXECUTE FUNCTION blob_alarms_once();

CREATE TRIGGER blob_alarms_no_update BEFORE UPDATE ON blob_alarms
    FOR EACH ROW EXECUTE FUNCTION refuse('an alarm is never changed');

CREATE TRIGGER blob_alarms_no_delete BEFORE DELETE ON blob_alarms
    FOR EACH ROW EXECUTE FUNCTION refuse('an alarm is never deleted');

CREATE TRIGGER blob_alarms_no_truncate BEFORE TRUNCATE ON blob_alarms
    EXECUTE FUNCTION refuse('an alarm is never deleted');

CREATE FUNCTION blob_alarm_ends_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM blob_alarm_ends WHERE alarm = NEW.alarm) THEN
        RAISE EXCEPTION 'an alarm ends once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER blob_alarm_ends_once BEFORE INSERT ON blob_alarm_ends
    FOR EACH ROW EXECUTE FUNCTION blob_alarm_ends_once();

CREATE TRIGGER blob_alarm_ends_no_update BEFORE UPDATE ON blob_alarm_ends
    FOR EACH ROW EXECUTE FUNCTION refuse('the end of an alarm is never changed');

CREATE TRIGGER blob_alarm_ends_no_delete BEFORE DELETE ON blob_alarm_ends
    FOR EACH ROW EXECUTE FUNCTION refuse('the end of an alarm is never deleted');

CREATE TRIGGER blob_alarm_ends_no_truncate BEFORE TRUNCATE ON blob_alarm_ends
    EXECUTE FUNCTION refuse('the end of an alarm is never deleted');

-- How far reading all bytes again has come. Only this is overwritten.
CREATE TABLE scrub (
    id       bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    begun    bigint NOT NULL,
    after    text    NOT NULL, -- the last digest read
    done     bigint NOT NULL, -- blobs read in this round
    finished bigint NOT NULL, -- the round before: when, and how many it read
    total    bigint NOT NULL
);

-- A release, or files of it, reported as a breach.
CREATE TABLE recalls (
    id          text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    "release"   text    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    at          bigint NOT NULL CHECK (at > 0),
    reporter    text    NOT NULL CHECK (reporter <> ''),
    whole       boolean NOT NULL,
    files       text    NOT NULL CHECK (files::json IS NOT NULL), -- paths
    words       text    NOT NULL CHECK (words <> ''),
    severity    text    NOT NULL CHECK (severity IN ('low', 'moderate', 'serious')),
    discovered  bigint NOT NULL CHECK (discovered > 0)
);

CREATE INDEX recalls_release ON recalls ("release", at, id);

-- What each place that a release went to could take back.
CREATE TABLE recall_withdrawals (
    recall text    NOT NULL REFERENCES recalls (id) DEFERRABLE INITIALLY DEFERRED,
    sink   text    NOT NULL CHECK (sink <> ''),
    at     bigint NOT NULL CHECK (at > 0),
    done   boolean NOT NULL,
    words  text    NOT NULL,
    PRIMARY KEY (recall, sink)
);

-- What was said of a recall afterwards. It undoes nothing.
CREATE TABLE recall_notes (
    id     text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    recall text    NOT NULL REFERENCES recalls (id) DEFERRABLE INITIALLY DEFERRED,
    at     bigint NOT NULL CHECK (at > 0),
    author text    NOT NULL CHECK (author <> ''),
    words  text    NOT NULL CHECK (words <> '')
);

CREATE INDEX recall_notes_recall ON recall_notes (recall, at, id);

CREATE FUNCTION recalls_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM recalls WHERE id = NEW.id) THEN
        RAISE EXCEPTION 'a recall is written once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER recalls_once BEFORE INSERT ON recalls
    FOR EACH ROW EXECUTE FUNCTION recalls_once();

CREATE TRIGGER recalls_no_update BEFORE UPDATE ON recalls
    FOR EACH ROW EXECUTE FUNCTION refuse('a recall is never changed');

CREATE TRIGGER recalls_no_delete BEFORE DELETE ON recalls
    FOR EACH ROW EXECUTE FUNCTION refuse('a recall is never deleted');

CREATE TRIGGER recalls_no_truncate BEFORE TRUNCATE ON recalls
    EXECUTE FUNCTION refuse('a recall is never deleted');

CREATE FUNCTION recall_withdrawals_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM recall_withdrawals WHERE recall = NEW.recall AND sink = NEW.sink) THEN
        RAISE EXCEPTION 'a withdrawal is written once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER recall_withdrawals_once BEFORE INSERT ON recall_withdrawals
    FOR EACH ROW EXECUTE FUNCTION recall_withdrawals_once();

CREATE TRIGGER recall_withdrawals_no_update BEFORE UPDATE ON recall_withdrawals
    FOR EACH ROW EXECUTE FUNCTION refuse('a withdrawal is never changed');

CREATE TRIGGER recall_withdrawals_no_delete BEFORE DELETE ON recall_withdrawals
    FOR EACH ROW EXECUTE FUNCTION refuse('a withdrawal is never deleted');

CREATE TRIGGER recall_withdrawals_no_truncate BEFORE TRUNCATE ON recall_withdrawals
    EXECUTE FUNCTION refuse('a withdrawal is never deleted');

CREATE FUNCTION recall_notes_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM recall_notes WHERE id = NEW.id) THEN
        RAISE EXCEPTION 'a note is written once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER recall_notes_once BEFORE INSERT ON recall_notes
    FOR EACH ROW EXECUTE FUNCTION recall_notes_once();

CREATE TRIGGER recall_notes_no_update BEFORE UPDATE ON recall_notes
    FOR EACH ROW EXECUTE FUNCTION refuse('a note is never changed');

CREATE TRIGGER recall_notes_no_delete BEFORE DELETE ON recall_notes
    FOR EACH ROW EXECUTE FUNCTION refuse('a note is never deleted');

CREATE TRIGGER recall_notes_no_truncate BEFORE TRUNCATE ON recall_notes
    EXECUTE FUNCTION refuse('a note is never deleted');

-- A request whose bytes must stay for as long as the hold does.
CREATE TABLE holds (
    id      text    NOT NULL PRIMARY KEY CHECK (id <> ''),
    request text    NOT NULL REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    at      bigint NOT NULL CHECK (at > 0),
    put_by  text    NOT NULL CHECK (put_by <> ''),
    reason  text    NOT NULL CHECK (reason <> '')
);

CREATE INDEX holds_request ON holds (request);

CREATE TABLE hold_ends (
    hold      text    NOT NULL PRIMARY KEY REFERENCES holds (id) DEFERRABLE INITIALLY DEFERRED,
    at        bigint NOT NULL CHECK (at > 0),
    lifted_by text    NOT NULL CHECK (lifted_by <> ''),
    reason    text    NOT NULL CHECK (reason <> '')
);

CREATE FUNCTION holds_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM holds AS h WHERE h.id = NEW.id
    OR h.request = NEW.request AND NOT EXISTS (SELECT 1 FROM hold_ends AS e WHERE e.hold = h.id)) THEN
        RAISE EXCEPTION 'the request is held already';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER holds_once BEFORE INSERT ON holds
    FOR EACH ROW EXECUTE FUNCTION holds_once();

CREATE TRIGGER holds_no_update BEFORE UPDATE ON holds
    FOR EACH ROW EXECUTE FUNCTION refuse('a hold is never changed');

CREATE TRIGGER holds_no_delete BEFORE DELETE ON holds
    FOR EACH ROW EXECUTE FUNCTION refuse('a hold is never deleted');

CREATE TRIGGER holds_no_truncate BEFORE TRUNCATE ON holds
    EXECUTE FUNCTION refuse('a hold is never deleted');

CREATE FUNCTION hold_ends_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM hold_ends WHERE hold = NEW.hold) THEN
        RAISE EXCEPTION 'a hold is lifted once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER hold_ends_once BEFORE INSERT ON hold_ends
    FOR EACH ROW EXECUTE FUNCTION hold_ends_once();

CREATE TRIGGER hold_ends_no_update BEFORE UPDATE ON hold_ends
    FOR EACH ROW EXECUTE FUNCTION refuse('the end of a hold is never changed');

CREATE TRIGGER hold_ends_no_delete BEFORE DELETE ON hold_ends
    FOR EACH ROW EXECUTE FUNCTION refuse('the end of a hold is never deleted');

CREATE TRIGGER hold_ends_no_truncate BEFORE TRUNCATE ON hold_ends
    EXECUTE FUNCTION refuse('the end of a hold is never deleted');

-- Requests whose bytes nobody keeps any more for their sake.
CREATE TABLE retired_requests (
    request text    NOT NULL PRIMARY KEY REFERENCES requests (id) DEFERRABLE INITIALLY DEFERRED,
    at      bigint NOT NULL CHECK (at > 0)
);

-- Bytes that are removed, or are about to be, and how that ended: done is false when
-- somebody had stored the same bytes anew.
CREATE TABLE blob_removals (
    digest text    NOT NULL CHECK (length(digest) = 64),
    at     bigint NOT NULL CHECK (at > 0),
    PRIMARY KEY (digest, at)
);

CREATE TABLE blob_removal_ends (
    digest text    NOT NULL,
    at     bigint NOT NULL,
    ended  bigint NOT NULL CHECK (ended > 0),
    done   boolean NOT NULL,
    PRIMARY KEY (digest, at),
    FOREIGN KEY (digest, at) REFERENCES blob_removals (digest, at) DEFERRABLE INITIALLY DEFERRED
);

-- Packages that were removed from places of our own.
CREATE TABLE package_removals (
    "release" text    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    sink      text    NOT NULL CHECK (sink <> ''),
    at        bigint NOT NULL CHECK (at > 0),
    PRIMARY KEY ("release", sink)
);

-- Findings quote the files, so they go as the files do. Their digests stay in
-- the record, and findings without a row here cannot be deleted.
CREATE TABLE report_removals (
    set_digest text    NOT NULL,
    policy     text    NOT NULL,
    engine     text    NOT NULL,
    at         bigint NOT NULL CHECK (at > 0),
    PRIMARY KEY (set_digest, policy, engine, at)
);

DROP TRIGGER reports_no_delete ON reports;

CREATE FUNCTION reports_no_delete() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM report_removals AS x
    WHERE x.set_digest = OLD.set_digest AND x.policy = OLD.policy AND x.engine = OLD.engine) THEN
        RAISE EXCEPTION 'findings are never deleted but by retention';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER reports_no_delete BEFORE DELETE ON reports
    FOR EACH ROW EXECUTE FUNCTION reports_no_delete();

CREATE FUNCTION retired_requests_final() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM retired_requests WHERE request = NEW.request)
    OR NOT EXISTS (SELECT 1 FROM requests WHERE id = NEW.request AND status IN ('RELEASED', 'REJECTED', 'WITHDRAWN'))
    OR EXISTS (SELECT 1 FROM holds AS h WHERE h.request = NEW.request
        AND NOT EXISTS (SELECT 1 FROM hold_ends AS e WHERE e.hold = h.id)) THEN
        RAISE EXCEPTION 'the request is open, held or retired already';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER retired_requests_final BEFORE INSERT ON retired_requests
    FOR EACH ROW EXECUTE FUNCTION retired_requests_final();

CREATE TRIGGER retired_requests_no_update BEFORE UPDATE ON retired_requests
    FOR EACH ROW EXECUTE FUNCTION refuse('what is retired stays so');

CREATE TRIGGER retired_requests_no_delete BEFORE DELETE ON retired_requests
    FOR EACH ROW EXECUTE FUNCTION refuse('what is retired stays so');

CREATE TRIGGER retired_requests_no_truncate BEFORE TRUNCATE ON retired_requests
    EXECUTE FUNCTION refuse('what is retired stays so');

CREATE TRIGGER blob_removals_no_update BEFORE UPDATE ON blob_removals
    FOR EACH ROW EXECUTE FUNCTION refuse('a removal is never changed');

CREATE TRIGGER blob_removals_no_delete BEFORE DELETE ON blob_removals
    FOR EACH ROW EXECUTE FUNCTION refuse('a removal is never deleted');

CREATE TRIGGER blob_removals_no_truncate BEFORE TRUNCATE ON blob_removals
    EXECUTE FUNCTION refuse('a removal is never deleted');

CREATE TRIGGER blob_removal_ends_no_update BEFORE UPDATE ON blob_removal_ends
    FOR EACH ROW EXECUTE FUNCTION refuse('the end of a removal is never changed');

CREATE TRIGGER blob_removal_ends_no_delete BEFORE DELETE ON blob_removal_ends
    FOR EACH ROW EXECUTE FUNCTION refuse('the end of a removal is never deleted');

CREATE TRIGGER blob_removal_ends_no_truncate BEFORE TRUNCATE ON blob_removal_ends
    EXECUTE FUNCTION refuse('the end of a removal is never deleted');

CREATE TRIGGER package_removals_no_update BEFORE UPDATE ON package_removals
    FOR EACH ROW EXECUTE FUNCTION refuse('a removal is never changed');

CREATE TRIGGER package_removals_no_delete BEFORE DELETE ON package_removals
    FOR EACH ROW EXECUTE FUNCTION refuse('a removal is never deleted');

CREATE TRIGGER package_removals_no_truncate BEFORE TRUNCATE ON package_removals
    EXECUTE FUNCTION refuse('a removal is never deleted');

CREATE TRIGGER report_removals_no_update BEFORE UPDATE ON report_removals
    FOR EACH ROW EXECUTE FUNCTION refuse('a removal is never changed');

CREATE TRIGGER report_removals_no_delete BEFORE DELETE ON report_removals
    FOR EACH ROW EXECUTE FUNCTION refuse('a removal is never deleted');

CREATE TRIGGER report_removals_no_truncate BEFORE TRUNCATE ON report_removals
    EXECUTE FUNCTION refuse('a removal is never deleted');
