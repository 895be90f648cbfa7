-- Claims the oldest queued job of our kinds. SQLite has one writer at a time, so no row is locked; it has no statement
-- that writes two tables, so the caller adds the row of bootstrap_claims in the same transaction.
-- $1 worker, $2 length of the lease in milliseconds.
-- Left out are jobs that wait for an approval, jobs whose run has ended, which recovery repairs, and jobs whose keys none of
-- ours can have.
-- A job without a run is claimed too (run_id is null) and then failed by the caller.
UPDATE claude_jobs
SET status = 'CLAIMED', claimed_by_worker_id = $1, claimed_at = CAST(round(unixepoch('subsec') * 1000) AS INTEGER),
    lease_until = CAST(round(unixepoch('subsec') * 1000) AS INTEGER) + $2, started_at = NULL, finished_at = NULL,
    requested_model = NULL, requested_thinking_budget = NULL, requested_permission_mode = NULL,
    updated_at = CAST(round(unixepoch('subsec') * 1000) AS INTEGER)
WHERE id = (
    SELECT j.id
    FROM claude_jobs j
    LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id
    LEFT JOIN bootstrap_tiers t ON t.run_id = r.id
    WHERE j.status = 'QUEUED' AND j.kind IN ('BOOTSTRAP_REPO', 'UPDATE_REPO')
        AND {key:j.id} AND (r.id IS NULL OR {key:r.id})
        AND (r.id IS NULL OR r.status IN ('PENDING', 'RUNNING'))
        AND (t.tier IS NULL OR t.tier <> 'HIGH' OR t.approved_tree = t.tree)
    ORDER BY j.created_at, j.id
    LIMIT 1
)
RETURNING id, (SELECT r.id FROM bootstrap_runs r WHERE r.claude_job_id = claude_jobs.id) AS run_id, NULL AS generation,
    NULL AS user_id, NULL AS product_id, NULL AS kind
