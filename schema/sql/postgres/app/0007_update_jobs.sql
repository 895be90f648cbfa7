-- Jobs that update repositories. An application's own migration may have added the kind.
ALTER TYPE "ClaudeJobKind" ADD VALUE IF NOT EXISTS 'UPDATE_REPO';
-- The claim reads jobs of two kinds, by their names: an enum may lack the newer one.
DROP INDEX claude_jobs_queue_idx;
CREATE INDEX claude_jobs_queue_idx ON claude_jobs (created_at, id) WHERE status = 'QUEUED';
