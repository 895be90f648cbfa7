-- What this program keeps for itself. Nothing here refers to the application's tables by a foreign key: the audit log
-- outlives what it is about, and no delete of the application waits for us.
CREATE TABLE bootstrap_claims (
    job_id text PRIMARY KEY,
    run_id text NOT NULL,
    worker_id text NOT NULL,
    generation bigint NOT NULL,
    lease_until timestamp(3) NOT NULL
);

CREATE TABLE bootstrap_effects (
    run_id text NOT NULL,
    number bigint NOT NULL,
    at timestamp(3) NOT NULL,
    entry jsonb NOT NULL,
    PRIMARY KEY (run_id, number)
);

CREATE TABLE bootstrap_events (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id text NOT NULL,
    number bigint NOT NULL,
    at timestamp(3) NOT NULL,
    kind text NOT NULL,
    actor text NOT NULL,
    detail jsonb NOT NULL,
    UNIQUE (run_id, number)
);

CREATE TABLE bootstrap_tiers (
    run_id text PRIMARY KEY,
    tier text CHECK (tier IN ('LOW', 'MEDIUM', 'HIGH')),
    reasons jsonb,
    tree text,
    approved_by text,
    approved_at timestamp(3),
    approved_tree text
);

CREATE TABLE bootstrap_catalog_versions (
    catalog_version text PRIMARY KEY,
    catalog text NOT NULL,
    number bigint NOT NULL,
    snapshot jsonb NOT NULL,
    published_by text NOT NULL,
    published_at timestamp(3) NOT NULL,
    UNIQUE (catalog, number)
);
