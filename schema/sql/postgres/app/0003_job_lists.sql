-- Lists of jobs read one page, of all users or of one, without sorting all jobs.
CREATE INDEX claude_jobs_created_at_id_idx ON claude_jobs (created_at DESC, id DESC);
CREATE INDEX claude_jobs_user_id_created_at_id_idx ON claude_jobs (user_id, created_at DESC, id DESC);
