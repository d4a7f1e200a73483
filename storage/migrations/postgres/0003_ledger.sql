-- A log that proves itself: why contents were seen, the tree over the record,
-- and the checkpoints that were signed.

ALTER TABLE events ADD COLUMN purpose text NOT NULL DEFAULT '';

-- One row for each event: the hashes of the tree that the event completes, its
-- leaf's first, then those of the subtrees that end with it, 32 bytes each.
CREATE TABLE tree (
    seq    bigint NOT NULL PRIMARY KEY,
    hashes bytea    NOT NULL CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
);

CREATE FUNCTION tree_in_order() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM tree) THEN
        RAISE EXCEPTION 'the tree grows in order';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tree_in_order BEFORE INSERT ON tree
    FOR EACH ROW EXECUTE FUNCTION tree_in_order();
CREATE TRIGGER tree_no_update BEFORE UPDATE ON tree
    FOR EACH ROW EXECUTE FUNCTION refuse('the tree is never changed');
CREATE TRIGGER tree_no_delete BEFORE DELETE ON tree
    FOR EACH ROW EXECUTE FUNCTION refuse('the tree is never cut');
CREATE TRIGGER tree_no_truncate BEFORE TRUNCATE ON tree
    EXECUTE FUNCTION refuse('the tree is never cut');

-- Signed notes about the log, each of a longer log than the one before.
CREATE TABLE checkpoints (
    size bigint NOT NULL PRIMARY KEY CHECK (size > 0),
    root bytea    NOT NULL CHECK (length(root) = 32),
    at   bigint NOT NULL CHECK (at > 0),
    note text    NOT NULL CHECK (note <> '')
);

CREATE FUNCTION checkpoints_in_order() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoints)
        OR NEW.size > (SELECT coalesce(max(seq), 0) FROM tree) THEN
        RAISE EXCEPTION 'checkpoints follow the log';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER checkpoints_in_order BEFORE INSERT ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION checkpoints_in_order();
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse('a checkpoint is never changed');
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse('a checkpoint is never deleted');
CREATE TRIGGER checkpoints_no_truncate BEFORE TRUNCATE ON checkpoints
    EXECUTE FUNCTION refuse('a checkpoint is never deleted');
