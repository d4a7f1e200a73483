-- The outbox serves more than releases: a job has a target and a payload, and
-- need not belong to a request. Fence counts who has held it, so that a worker
-- whose lease ran out cannot end another's try.
ALTER TABLE jobs
    ALTER COLUMN request DROP NOT NULL, -- NULL for a job of none
    ADD COLUMN target  text   NOT NULL DEFAULT '',
    ADD COLUMN payload bytea  NOT NULL DEFAULT '',
    ADD COLUMN created bigint NOT NULL DEFAULT 0, -- when it first was due
    ADD COLUMN fence   bigint NOT NULL DEFAULT 0,
    ADD COLUMN failing bigint NOT NULL DEFAULT 0; -- since when; 0 when it has not failed

UPDATE jobs SET target = CASE kind WHEN 'release' THEN 'exports' ELSE '' END, created = due, fence = tries,
    failing = CASE reason WHEN '' THEN 0 ELSE due END;

CREATE INDEX jobs_target ON jobs (target, leased) WHERE leased <> 0;
CREATE INDEX jobs_request ON jobs (request, id) WHERE request IS NOT NULL;

-- Where each release is to go, written when it is approved, and each delivery
-- filled in once.
CREATE TABLE release_deliveries (
    release   text    NOT NULL REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    position  bigint NOT NULL CHECK (position >= 0),
    sink      text    NOT NULL CHECK (sink <> ''),
    delivered bigint NOT NULL,
    location  text    NOT NULL,
    PRIMARY KEY (release, sink)
);

INSERT INTO release_deliveries (release, position, sink, delivered, location)
    SELECT id, 0, 'exports', delivered, location FROM releases;

CREATE FUNCTION release_deliveries_once() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.delivered <> 0 OR EXISTS (SELECT 1 FROM release_deliveries WHERE release = NEW.release AND sink = NEW.sink)
    OR EXISTS (SELECT 1 FROM releases WHERE id = NEW.release AND delivered <> 0) THEN
        RAISE EXCEPTION 'where a release is to go is written once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER release_deliveries_once BEFORE INSERT ON release_deliveries
    FOR EACH ROW EXECUTE FUNCTION release_deliveries_once();

CREATE TRIGGER release_deliveries_deliver_once BEFORE UPDATE ON release_deliveries
    FOR EACH ROW WHEN (OLD.delivered <> 0 OR NEW.delivered = 0 OR NEW.release <> OLD.release OR NEW.position <> OLD.position OR NEW.sink <> OLD.sink)
    EXECUTE FUNCTION refuse('a delivery is filled in once');

CREATE TRIGGER release_deliveries_no_delete BEFORE DELETE ON release_deliveries
    FOR EACH ROW EXECUTE FUNCTION refuse('a delivery is never deleted');

CREATE TRIGGER release_deliveries_no_truncate BEFORE TRUNCATE ON release_deliveries
    EXECUTE FUNCTION refuse('a delivery is never deleted');
