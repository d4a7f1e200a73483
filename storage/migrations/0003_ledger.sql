-- A log that proves itself: why contents were seen, the tree over the record,
-- and the checkpoints that were signed.

ALTER TABLE events ADD COLUMN purpose TEXT NOT NULL DEFAULT '';

-- One row for each event: the hashes of the tree that the event completes, its
-- leaf's first, then those of the subtrees that end with it, 32 bytes each.
CREATE TABLE tree (
    seq    INTEGER NOT NULL PRIMARY KEY,
    hashes BLOB    NOT NULL CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0)
) STRICT;

CREATE TRIGGER tree_in_order BEFORE INSERT ON tree
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM tree)
BEGIN SELECT raise(ABORT, 'the tree grows in order'); END;

CREATE TRIGGER tree_no_update BEFORE UPDATE ON tree
BEGIN SELECT raise(ABORT, 'the tree is never changed'); END;

CREATE TRIGGER tree_no_delete BEFORE DELETE ON tree
BEGIN SELECT raise(ABORT, 'the tree is never cut'); END;

-- Signed notes about the log, each of a longer log than the one before.
CREATE TABLE checkpoints (
    size INTEGER NOT NULL PRIMARY KEY CHECK (size > 0),
    root BLOB    NOT NULL CHECK (length(root) = 32),
    at   INTEGER NOT NULL CHECK (at > 0),
    note TEXT    NOT NULL CHECK (note <> '')
) STRICT;

CREATE TRIGGER checkpoints_in_order BEFORE INSERT ON checkpoints
WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM checkpoints)
    OR NEW.size > (SELECT coalesce(max(seq), 0) FROM tree)
BEGIN SELECT raise(ABORT, 'checkpoints follow the log'); END;

CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints
BEGIN SELECT raise(ABORT, 'a checkpoint is never changed'); END;

CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints
BEGIN SELECT raise(ABORT, 'a checkpoint is never deleted'); END;
