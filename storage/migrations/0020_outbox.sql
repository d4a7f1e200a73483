-- Jobs that are done are forgotten after the time that the retention policy says.
-- What is still to be done, and what was given up, never is.
CREATE TRIGGER jobs_no_delete BEFORE DELETE ON jobs WHEN old.state <> 'done'
BEGIN SELECT raise(ABORT, 'only a finished job is forgotten'); END;
