-- Claims the oldest queued job of our kinds: one statement, one round trip, one commit. The kind is compared as a text, because an
-- application's enum may lack the newer one.
-- $1 worker, $2 length of the lease in milliseconds.
-- Left out are jobs that wait for an approval, jobs whose run has ended, which recovery repairs, and jobs whose keys none of
-- ours can have.
-- A job without a run is claimed too (run_id is null) and then failed by the caller.
WITH clock AS MATERIALIZED (
    SELECT CAST(clock_timestamp() AT TIME ZONE 'UTC' AS timestamp(3)) AS now
),
next AS (
    SELECT j.id, r.id AS run_id
    FROM claude_jobs j
    LEFT JOIN bootstrap_runs r ON r.claude_job_id = j.id
    LEFT JOIN bootstrap_tiers t ON t.run_id = r.id
    WHERE j.status = 'QUEUED' AND CAST(j.kind AS TEXT) IN ('BOOTSTRAP_REPO', 'UPDATE_REPO')
        AND {key:j.id} AND (r.id IS NULL OR {key:r.id})
        AND (r.id IS NULL OR r.status IN ('PENDING', 'RUNNING'))
        AND (t.tier IS NULL OR t.tier <> 'HIGH' OR t.approved_tree = t.tree)
    ORDER BY j.created_at, j.id
    LIMIT 1
    FOR UPDATE OF j SKIP LOCKED
),
job AS (
    UPDATE claude_jobs j
    SET status = 'CLAIMED', claimed_by_worker_id = $1, claimed_at = clock.now,
        lease_until = clock.now + $2 * interval '1 millisecond', started_at = NULL, finished_at = NULL,
        requested_model = NULL, requested_thinking_budget = NULL, requested_permission_mode = NULL,
        updated_at = clock.now
    FROM next, clock
    WHERE j.id = next.id
    RETURNING j.id, j.user_id, j.product_id, CAST(j.kind AS TEXT) AS kind
),
claim AS (
    INSERT INTO bootstrap_claims (job_id, run_id, worker_id, generation, lease_until)
    SELECT next.id, next.run_id, $1, 1, clock.now + $2 * interval '1 millisecond'
    FROM next, clock
    WHERE next.run_id IS NOT NULL
    ON CONFLICT (job_id) DO UPDATE
    SET run_id = excluded.run_id, worker_id = excluded.worker_id,
        generation = CASE WHEN bootstrap_claims.generation < 9223372036854775807
            THEN bootstrap_claims.generation + 1 ELSE 1 END,
        lease_until = excluded.lease_until
    RETURNING job_id, generation
)
SELECT next.id, next.run_id, claim.generation, job.user_id, job.product_id, job.kind
FROM next
JOIN job ON job.id = next.id
LEFT JOIN claim ON claim.job_id = next.id
