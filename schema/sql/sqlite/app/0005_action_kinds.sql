-- Three more kinds of actions. SQLite cannot change a constraint: the table, to which no other one refers, is made again.
CREATE TABLE kept_actions AS SELECT * FROM bootstrap_actions;
DROP TABLE bootstrap_actions;
CREATE TABLE bootstrap_actions (
    id TEXT PRIMARY KEY,
    option_id TEXT NOT NULL REFERENCES bootstrap_options (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('COPY_FILE', 'WRITE_FILE', 'APPEND_TO_FILE', 'REPLACE_STRING', 'CREATE_ADR_STUB', 'ADD_DEPENDENCY', 'RUN_BASH_TEMPLATE', 'SET_VALUE', 'REMOVE_FILE', 'MOVE_FILE')),
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
INSERT INTO bootstrap_actions SELECT * FROM kept_actions;
DROP TABLE kept_actions;
