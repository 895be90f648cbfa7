-- Counts of jobs by kind and status read this index alone.
CREATE INDEX claude_jobs_user_id_kind_status_idx ON claude_jobs (user_id, kind, status);
