-- Updates of the repositories that runs created: what each run of kind UPDATE_REPO is asked for, and its result.
CREATE TABLE bootstrap_updates (
    run_id TEXT PRIMARY KEY,
    product_id TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('compare', 'propose')),
    asked_at INTEGER NOT NULL,
    -- Null until a worker has compared the repository.
    compared_at INTEGER,
    result TEXT
);
CREATE INDEX bootstrap_updates_product_idx ON bootstrap_updates (product_id, asked_at);
