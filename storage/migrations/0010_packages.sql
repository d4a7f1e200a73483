-- What packages are made of, so that one is the same whenever it is made again.

-- Every policy that a request was submitted under, in full.
CREATE TABLE policies (
    sha256 TEXT NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
    source BLOB NOT NULL
) STRICT;

CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies
BEGIN SELECT raise(ABORT, 'a policy is never changed'); END;

CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies
BEGIN SELECT raise(ABORT, 'a policy is never deleted'); END;

-- The package of a release, written once. The bytes of released files are the
-- snapshots; everything else is here.
CREATE TABLE seals (
    release    TEXT    NOT NULL PRIMARY KEY REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    made       INTEGER NOT NULL CHECK (made > 0),
    file_count INTEGER NOT NULL CHECK (file_count > 0)
) STRICT;

CREATE TABLE seal_files (
    release  TEXT    NOT NULL REFERENCES seals (release) DEFERRABLE INITIALLY DEFERRED,
    position INTEGER NOT NULL CHECK (position >= 0),
    path     TEXT    NOT NULL CHECK (path <> ''),
    size     INTEGER NOT NULL CHECK (size >= 0),
    sha256   TEXT    NOT NULL CHECK (length(sha256) = 64),
    released INTEGER NOT NULL CHECK (released IN (0, 1)),
    body     BLOB    NOT NULL CHECK (length(body) = CASE released WHEN 1 THEN 0 ELSE size END),
    PRIMARY KEY (release, position)
) STRICT;

CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals
BEGIN SELECT raise(ABORT, 'a package is never changed'); END;

CREATE TRIGGER seals_no_delete BEFORE DELETE ON seals
BEGIN SELECT raise(ABORT, 'a package is never deleted'); END;

CREATE TRIGGER seal_files_complete BEFORE INSERT ON seal_files
WHEN NEW.position >= (SELECT file_count FROM seals WHERE release = NEW.release)
    OR EXISTS (SELECT 1 FROM seal_files WHERE release = NEW.release AND position = NEW.position)
BEGIN SELECT raise(ABORT, 'the files of a package are written once'); END;

CREATE TRIGGER seal_files_no_update BEFORE UPDATE ON seal_files
BEGIN SELECT raise(ABORT, 'the files of a package are never changed'); END;

CREATE TRIGGER seal_files_no_delete BEFORE DELETE ON seal_files
BEGIN SELECT raise(ABORT, 'the files of a package are never deleted'); END;
