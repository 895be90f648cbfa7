-- The tables that a surrounding application owns where there is one, for a single machine: times are milliseconds since
-- 1970, truth values 0 and 1, lists and documents JSON text.
CREATE TABLE users (
    id TEXT PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    is_demo INTEGER NOT NULL DEFAULT 0,
    github_pat_encrypted TEXT,
    github_username TEXT,
    github_pat_verified_at INTEGER,
    github_pat_scopes TEXT NOT NULL DEFAULT '[]',
    github_pat_expires_at INTEGER,
    github_orgs TEXT NOT NULL DEFAULT '[]',
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    updated_at INTEGER NOT NULL
);

CREATE TABLE products (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    code TEXT,
    description TEXT,
    repo_url TEXT,
    repo_owner TEXT,
    repo_slug TEXT,
    template_version TEXT,
    last_bootstrap_run_id TEXT REFERENCES bootstrap_runs (id) ON DELETE SET NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX products_repo_owner_repo_slug_key ON products (repo_owner, repo_slug);

CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    label TEXT,
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    revoked_at INTEGER,
    expires_at INTEGER
);

CREATE TABLE claude_workers (
    id TEXT PRIMARY KEY,
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    token_id TEXT REFERENCES api_tokens (id) ON DELETE CASCADE,
    instance_id TEXT NOT NULL,
    hostname TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    last_seen_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER))
);

CREATE TABLE claude_jobs (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    product_id TEXT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    kind TEXT NOT NULL DEFAULT 'TASK_IMPLEMENTATION' CHECK (kind IN ('TASK_IMPLEMENTATION', 'IDEA_GRILL', 'IDEA_MAKE_PLAN', 'IDEA_REVIEW_PLAN', 'PLAN_CHAT', 'SPRINT_IMPLEMENTATION', 'BOOTSTRAP_REPO')),
    status TEXT NOT NULL DEFAULT 'QUEUED' CHECK (status IN ('QUEUED', 'CLAIMED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED', 'SKIPPED')),
    claimed_by_token_id TEXT REFERENCES api_tokens (id) ON DELETE SET NULL,
    claimed_by_worker_id TEXT,
    claimed_at INTEGER,
    started_at INTEGER,
    finished_at INTEGER,
    lease_until INTEGER,
    requested_model TEXT,
    requested_thinking_budget INTEGER,
    requested_permission_mode TEXT,
    plan_snapshot TEXT,
    branch TEXT,
    pr_url TEXT,
    summary TEXT,
    error TEXT,
    retry_count INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    updated_at INTEGER NOT NULL
);
CREATE INDEX claude_jobs_user_id_status_idx ON claude_jobs (user_id, status);
CREATE INDEX claude_jobs_status_claimed_at_idx ON claude_jobs (status, claimed_at);
CREATE INDEX claude_jobs_status_lease_until_idx ON claude_jobs (status, lease_until);
CREATE INDEX claude_jobs_status_finished_at_idx ON claude_jobs (status, finished_at);
-- The claim takes the oldest of the queue without sorting all of it.
CREATE INDEX claude_jobs_queue_idx ON claude_jobs (created_at, id) WHERE kind = 'BOOTSTRAP_REPO' AND status = 'QUEUED';

CREATE TABLE bootstrap_categories (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    selection_type TEXT NOT NULL CHECK (selection_type IN ('SINGLE', 'MULTI')),
    required INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    updated_at INTEGER NOT NULL
);

CREATE TABLE bootstrap_options (
    id TEXT PRIMARY KEY,
    category_id TEXT NOT NULL REFERENCES bootstrap_categories (id) ON DELETE CASCADE,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    is_default INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    updated_at INTEGER NOT NULL,
    UNIQUE (category_id, slug)
);

CREATE TABLE bootstrap_actions (
    id TEXT PRIMARY KEY,
    option_id TEXT NOT NULL REFERENCES bootstrap_options (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('COPY_FILE', 'WRITE_FILE', 'APPEND_TO_FILE', 'REPLACE_STRING', 'CREATE_ADR_STUB', 'ADD_DEPENDENCY', 'RUN_BASH_TEMPLATE')),
    execution_order INTEGER NOT NULL,
    config TEXT NOT NULL,
    supports_dry_run INTEGER NOT NULL DEFAULT 1,
    risk_level TEXT NOT NULL DEFAULT 'LOW' CHECK (risk_level IN ('LOW', 'MEDIUM', 'HIGH')),
    role_required TEXT NOT NULL DEFAULT 'MEMBER' CHECK (role_required IN ('MEMBER', 'ADMIN')),
    side_effect TEXT NOT NULL DEFAULT 'FILES' CHECK (side_effect IN ('NONE', 'FILES', 'NETWORK')),
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER)),
    updated_at INTEGER NOT NULL,
    UNIQUE (option_id, execution_order)
);

CREATE TABLE bootstrap_runs (
    id TEXT PRIMARY KEY,
    claude_job_id TEXT NOT NULL UNIQUE REFERENCES claude_jobs (id) ON DELETE CASCADE,
    product_id TEXT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status TEXT NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'FAILED_NEEDS_CLEANUP', 'CANCELLED')),
    github_repo_created_at INTEGER,
    github_repo_id INTEGER,
    github_repo_full_name TEXT,
    push_completed_at INTEGER,
    recipe_hash TEXT NOT NULL,
    catalog_version TEXT NOT NULL,
    action_schema_version INTEGER NOT NULL,
    dry_run_report TEXT,
    recipe_snapshot TEXT NOT NULL,
    selected_options TEXT NOT NULL,
    repo_url TEXT,
    started_at INTEGER,
    finished_at INTEGER,
    created_at INTEGER NOT NULL DEFAULT (CAST(round(unixepoch('subsec') * 1000) AS INTEGER))
);
CREATE INDEX bootstrap_runs_product_id_status_idx ON bootstrap_runs (product_id, status);
CREATE INDEX bootstrap_runs_user_id_created_at_idx ON bootstrap_runs (user_id, created_at);
CREATE INDEX bootstrap_runs_status_finished_at_idx ON bootstrap_runs (status, finished_at);
CREATE UNIQUE INDEX bootstrap_runs_one_active_per_product ON bootstrap_runs (product_id) WHERE status IN ('PENDING', 'RUNNING');
