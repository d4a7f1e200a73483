-- What an auditor looks for: files by digest, events by what they concern and
-- when, releases by project.

CREATE INDEX request_files_digest ON request_files (digest);
CREATE INDEX request_files_release ON request_files ("release");
CREATE INDEX events_at ON events (at, seq);
CREATE INDEX events_digest ON events (digest, seq);
CREATE INDEX events_path ON events (path, seq);
CREATE INDEX events_workspace ON events (workspace, seq);
CREATE INDEX releases_project ON releases (project, approved DESC, id DESC);
