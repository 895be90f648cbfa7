-- The tables that the surrounding application owns where there is one, in its own shape: quoted enum types, text keys
-- made by the writer, timestamp(3) meaning UTC, `updated_at` set by every writer.
CREATE TYPE "ClaudeJobStatus" AS ENUM ('QUEUED', 'CLAIMED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED', 'SKIPPED');
CREATE TYPE "ClaudeJobKind" AS ENUM ('TASK_IMPLEMENTATION', 'IDEA_GRILL', 'IDEA_MAKE_PLAN', 'IDEA_REVIEW_PLAN', 'PLAN_CHAT', 'SPRINT_IMPLEMENTATION', 'BOOTSTRAP_REPO');
CREATE TYPE "BootstrapRunStatus" AS ENUM ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'FAILED_NEEDS_CLEANUP', 'CANCELLED');
CREATE TYPE "BootstrapSelectionType" AS ENUM ('SINGLE', 'MULTI');
CREATE TYPE "BootstrapActionKind" AS ENUM ('COPY_FILE', 'WRITE_FILE', 'APPEND_TO_FILE', 'REPLACE_STRING', 'CREATE_ADR_STUB', 'ADD_DEPENDENCY', 'RUN_BASH_TEMPLATE');
CREATE TYPE "RiskLevel" AS ENUM ('LOW', 'MEDIUM', 'HIGH');
CREATE TYPE "RoleRequired" AS ENUM ('MEMBER', 'ADMIN');
CREATE TYPE "SideEffect" AS ENUM ('NONE', 'FILES', 'NETWORK');

CREATE TABLE users (
    id text PRIMARY KEY,
    username text NOT NULL UNIQUE,
    is_demo boolean NOT NULL DEFAULT false,
    github_pat_encrypted text,
    github_username text,
    github_pat_verified_at timestamp(3),
    github_pat_scopes text[] NOT NULL DEFAULT '{}',
    github_pat_expires_at timestamp(3),
    github_orgs text[] NOT NULL DEFAULT '{}',
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL
);

CREATE TABLE products (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    code text,
    description text,
    repo_url text,
    repo_owner text,
    repo_slug text,
    template_version text,
    last_bootstrap_run_id text,
    archived boolean NOT NULL DEFAULT false,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL
);
CREATE UNIQUE INDEX products_repo_owner_repo_slug_key ON products (repo_owner, repo_slug);

CREATE TABLE api_tokens (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash text NOT NULL UNIQUE,
    label text,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    revoked_at timestamp(3),
    expires_at timestamp(3)
);

CREATE TABLE claude_workers (
    id text PRIMARY KEY,
    user_id text REFERENCES users (id) ON DELETE CASCADE,
    token_id text REFERENCES api_tokens (id) ON DELETE CASCADE,
    instance_id text NOT NULL,
    hostname text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_seen_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE claude_jobs (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    product_id text NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    kind "ClaudeJobKind" NOT NULL DEFAULT 'TASK_IMPLEMENTATION',
    status "ClaudeJobStatus" NOT NULL DEFAULT 'QUEUED',
    claimed_by_token_id text REFERENCES api_tokens (id) ON DELETE SET NULL,
    claimed_by_worker_id text,
    claimed_at timestamp(3),
    started_at timestamp(3),
    finished_at timestamp(3),
    lease_until timestamp(3),
    requested_model text,
    requested_thinking_budget integer,
    requested_permission_mode text,
    plan_snapshot text,
    branch text,
    pr_url text,
    summary text,
    error text,
    retry_count integer NOT NULL DEFAULT 0,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL
);
CREATE INDEX claude_jobs_user_id_status_idx ON claude_jobs (user_id, status);
CREATE INDEX claude_jobs_status_claimed_at_idx ON claude_jobs (status, claimed_at);
CREATE INDEX claude_jobs_status_lease_until_idx ON claude_jobs (status, lease_until);
CREATE INDEX claude_jobs_status_finished_at_idx ON claude_jobs (status, finished_at);
-- The claim takes the oldest of the queue without sorting all of it.
CREATE INDEX claude_jobs_queue_idx ON claude_jobs (created_at, id) WHERE kind = 'BOOTSTRAP_REPO' AND status = 'QUEUED';

CREATE TABLE bootstrap_categories (
    id text PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    description text,
    selection_type "BootstrapSelectionType" NOT NULL,
    required boolean NOT NULL DEFAULT false,
    position integer NOT NULL DEFAULT 0,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL
);

CREATE TABLE bootstrap_options (
    id text PRIMARY KEY,
    category_id text NOT NULL REFERENCES bootstrap_categories (id) ON DELETE CASCADE,
    slug text NOT NULL,
    name text NOT NULL,
    description text,
    is_default boolean NOT NULL DEFAULT false,
    position integer NOT NULL DEFAULT 0,
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL,
    UNIQUE (category_id, slug)
);

CREATE TABLE bootstrap_actions (
    id text PRIMARY KEY,
    option_id text NOT NULL REFERENCES bootstrap_options (id) ON DELETE CASCADE,
    kind "BootstrapActionKind" NOT NULL,
    execution_order integer NOT NULL,
    config jsonb NOT NULL,
    supports_dry_run boolean NOT NULL DEFAULT true,
    risk_level "RiskLevel" NOT NULL DEFAULT 'LOW',
    role_required "RoleRequired" NOT NULL DEFAULT 'MEMBER',
    side_effect "SideEffect" NOT NULL DEFAULT 'FILES',
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp(3) NOT NULL,
    UNIQUE (option_id, execution_order)
);

CREATE TABLE bootstrap_runs (
    id text PRIMARY KEY,
    claude_job_id text NOT NULL UNIQUE REFERENCES claude_jobs (id) ON DELETE CASCADE,
    product_id text NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status "BootstrapRunStatus" NOT NULL DEFAULT 'PENDING',
    github_repo_created_at timestamp(3),
    github_repo_id bigint,
    github_repo_full_name text,
    push_completed_at timestamp(3),
    recipe_hash text NOT NULL,
    catalog_version text NOT NULL,
    action_schema_version integer NOT NULL,
    dry_run_report jsonb,
    recipe_snapshot jsonb NOT NULL,
    selected_options jsonb NOT NULL,
    repo_url text,
    started_at timestamp(3),
    finished_at timestamp(3),
    created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX bootstrap_runs_product_id_status_idx ON bootstrap_runs (product_id, status);
CREATE INDEX bootstrap_runs_user_id_created_at_idx ON bootstrap_runs (user_id, created_at);
CREATE INDEX bootstrap_runs_status_finished_at_idx ON bootstrap_runs (status, finished_at);
CREATE UNIQUE INDEX bootstrap_runs_one_active_per_product ON bootstrap_runs (product_id) WHERE status IN ('PENDING', 'RUNNING');

ALTER TABLE products ADD FOREIGN KEY (last_bootstrap_run_id) REFERENCES bootstrap_runs (id) ON DELETE SET NULL;
