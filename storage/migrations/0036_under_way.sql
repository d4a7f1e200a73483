-- The requests that are not over, in the order of lists: queues, boards and a person's
-- workspaces read these, however many there were before.
CREATE INDEX requests_under_way ON requests (created DESC, id DESC)
    WHERE status IN ('PENDING', 'RETURNED', 'SUBMITTED', 'PARTIALLY_REVIEWED', 'REVIEWED', 'APPROVED');
