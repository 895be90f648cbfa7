-- Updates of the repositories that runs created: what each run of kind UPDATE_REPO is asked for, and its result.
CREATE TABLE bootstrap_updates (
    run_id text PRIMARY KEY,
    product_id text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('compare', 'propose')),
    asked_at timestamp(3) NOT NULL,
    -- Null until a worker has compared the repository.
    compared_at timestamp(3),
    result jsonb
);
CREATE INDEX bootstrap_updates_product_idx ON bootstrap_updates (product_id, asked_at);
