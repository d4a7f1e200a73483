-- How many requests there are in each status, counted by the database itself with
-- each change: to count them all anew grows with the years.
CREATE TABLE request_counts (
    status TEXT    NOT NULL PRIMARY KEY,
    n      INTEGER NOT NULL
) STRICT;

INSERT INTO request_counts (status, n) SELECT status, count(*) FROM requests GROUP BY status;

CREATE TRIGGER requests_counted AFTER INSERT ON requests BEGIN
    INSERT INTO request_counts (status, n) VALUES (NEW.status, 1) ON CONFLICT (status) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER requests_recounted AFTER UPDATE OF status ON requests WHEN OLD.status <> NEW.status BEGIN
    UPDATE request_counts SET n = n - 1 WHERE status = OLD.status;
    INSERT INTO request_counts (status, n) VALUES (NEW.status, 1) ON CONFLICT (status) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER requests_uncounted AFTER DELETE ON requests BEGIN
    UPDATE request_counts SET n = n - 1 WHERE status = OLD.status;
END;
