-- What this program keeps for itself. Nothing here refers to the application's tables by a foreign key: the audit log
-- outlives what it is about, and no delete of the application waits for us.
CREATE TABLE bootstrap_claims (
    job_id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
);

CREATE TABLE bootstrap_effects (
    run_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
);

CREATE TABLE bootstrap_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    detail TEXT NOT NULL,
    UNIQUE (run_id, number)
);

CREATE TABLE bootstrap_tiers (
    run_id TEXT PRIMARY KEY,
    tier TEXT CHECK (tier IN ('LOW', 'MEDIUM', 'HIGH')),
    reasons TEXT,
    tree TEXT,
    approved_by TEXT,
    approved_at INTEGER,
    approved_tree TEXT
);

CREATE TABLE bootstrap_catalog_versions (
    catalog_version TEXT PRIMARY KEY,
    catalog TEXT NOT NULL,
    number INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    UNIQUE (catalog, number)
);
