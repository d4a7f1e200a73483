-- How many requests there are in each status, counted by the database itself with
-- each change: to count them all anew grows with the years.
CREATE TABLE request_counts (
    status text   NOT NULL PRIMARY KEY,
    n      bigint NOT NULL
);

-- No request is added or changed between the count and the triggers.
LOCK TABLE requests IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO request_counts (status, n) SELECT status, count(*) FROM requests GROUP BY status;

CREATE FUNCTION count_requests() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE request_counts SET n = n - 1 WHERE status = OLD.status;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO request_counts AS c (status, n) VALUES (NEW.status, 1) ON CONFLICT (status) DO UPDATE SET n = c.n + 1;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER requests_counted AFTER INSERT ON requests
    FOR EACH ROW EXECUTE FUNCTION count_requests();
CREATE TRIGGER requests_recounted AFTER UPDATE OF status ON requests
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION count_requests();
CREATE TRIGGER requests_uncounted AFTER DELETE ON requests
    FOR EACH ROW EXECUTE FUNCTION count_requests();
