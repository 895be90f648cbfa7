-- Jobs that update repositories. SQLite cannot change a constraint, and dropping a table deletes the rows that refer to it: the
-- column is made again.
DROP INDEX claude_jobs_queue_idx;
DROP INDEX claude_jobs_user_id_kind_status_idx;
ALTER TABLE claude_jobs RENAME COLUMN kind TO old_kind;
ALTER TABLE claude_jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'TASK_IMPLEMENTATION' CHECK (kind IN ('TASK_IMPLEMENTATION', 'IDEA_GRILL', 'IDEA_MAKE_PLAN', 'IDEA_REVIEW_PLAN', 'PLAN_CHAT', 'SPRINT_IMPLEMENTATION', 'BOOTSTRAP_REPO', 'UPDATE_REPO'));
UPDATE claude_jobs SET kind = old_kind;
ALTER TABLE claude_jobs DROP COLUMN old_kind;
CREATE INDEX claude_jobs_user_id_kind_status_idx ON claude_jobs (user_id, kind, status);
-- The claim reads jobs of two kinds.
CREATE INDEX claude_jobs_queue_idx ON claude_jobs (created_at, id) WHERE status = 'QUEUED';
