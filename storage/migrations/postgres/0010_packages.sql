-- What packages are made of, so that one is the same whenever it is made again.

-- Every policy that a request was submitted under, in full.
CREATE TABLE policies (
    sha256 text NOT NULL PRIMARY KEY CHECK (length(sha256) = 64),
    source bytea NOT NULL
);

-- The package of a release, written once. The bytes of released files are the
-- snapshots; everything else is here.
CREATE TABLE seals (
    release    text    NOT NULL PRIMARY KEY REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    made       bigint NOT NULL CHECK (made > 0),
    file_count bigint NOT NULL CHECK (file_count > 0)
);

CREATE TABLE seal_files (
    release  text    NOT NULL REFERENCES seals (release) DEFERRABLE INITIALLY DEFERRED,
    position bigint NOT NULL CHECK (position >= 0),
    path     text    NOT NULL CHECK (path <> ''),
    size     bigint NOT NULL CHECK (size >= 0),
    sha256   text    NOT NULL CHECK (length(sha256) = 64),
    released boolean NOT NULL,
    body     bytea    NOT NULL CHECK (length(body) = CASE WHEN released THEN 0 ELSE size END),
    PRIMARY KEY (release, position)
);

CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies
    FOR EACH ROW EXECUTE FUNCTION refuse('a policy is never changed');

CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies
    FOR EACH ROW EXECUTE FUNCTION refuse('a policy is never deleted');

CREATE TRIGGER policies_no_truncate BEFORE TRUNCATE ON policies
    EXECUTE FUNCTION refuse('a policy is never deleted');

CREATE TRIGGER seals_no_update BEFORE UPDATE ON seals
    FOR EACH ROW EXECUTE FUNCTION refuse('a package is never changed');

CREATE TRIGGER seals_no_delete BEFORE DELETE ON seals
    FOR EACH ROW EXECUTE FUNCTION refuse('a package is never deleted');

CREATE TRIGGER seals_no_truncate BEFORE TRUNCATE ON seals
    EXECUTE FUNCTION refuse('a package is never deleted');

CREATE FUNCTION seal_files_complete() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.position >= (SELECT file_count FROM seals WHERE release = NEW.release)
    OR EXISTS (SELECT 1 FROM seal_files WHERE release = NEW.release AND position = NEW.position) THEN
        RAISE EXCEPTION 'the files of a package are written once';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER seal_files_complete BEFORE INSERT ON seal_files
    FOR EACH ROW EXECUTE FUNCTION seal_files_complete();

CREATE TRIGGER seal_files_no_update BEFORE UPDATE ON seal_files
    FOR EACH ROW EXECUTE FUNCTION refuse('the files of a package are never changed');

CREATE TRIGGER seal_files_no_delete BEFORE DELETE ON seal_files
    FOR EACH ROW EXECUTE FUNCTION refuse('the files of a package are never deleted');

CREATE TRIGGER seal_files_no_truncate BEFORE TRUNCATE ON seal_files
    EXECUTE FUNCTION refuse('the files of a package are never deleted');
