-- Jobs that are done are forgotten after the time that the retention policy says.
-- What is still to be done, and what was given up, never is.
CREATE TRIGGER jobs_no_delete BEFORE DELETE ON jobs
    FOR EACH ROW WHEN (old.state <> 'done') EXECUTE FUNCTION refuse('only a finished job is forgotten');
