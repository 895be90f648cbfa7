-- Lists of runs read one page without sorting all runs.
CREATE INDEX bootstrap_runs_created_at_id_idx ON bootstrap_runs (created_at DESC, id DESC);
-- Two catalogues may have a category of the same name: bootstrap_catalog_categories makes it unique within its catalogue.
-- SQLite cannot drop a constraint, and dropping a table deletes the rows that refer to it: all three tables are made again.
CREATE TABLE kept_categories AS SELECT * FROM bootstrap_categories;
CREATE TABLE kept_options AS SELECT * FROM bootstrap_options;
CREATE TABLE kept_actions AS SELECT * FROM bootstrap_actions;
DROP TABLE bootstrap_actions;
DROP TABLE bootstrap_options;
DROP TABLE bootstrap_categories;
CREATE TABLE bootstrap_categories (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL,
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

INSERT INTO bootstrap_categories SELECT * FROM kept_categories;
INSERT INTO bootstrap_options SELECT * FROM kept_options;
INSERT INTO bootstrap_actions SELECT * FROM kept_actions;
DROP TABLE kept_actions;
DROP TABLE kept_options;
DROP TABLE kept_categories;
