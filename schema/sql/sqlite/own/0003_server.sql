-- The server: who administers, who is signed in, and what was previewed or answered. Raw tokens, codes and keys of
-- sessions are never stored, only their SHA-256.
CREATE TABLE bootstrap_administrators (
    user_id TEXT PRIMARY KEY,
    added_at INTEGER NOT NULL
);

CREATE TABLE bootstrap_sessions (
    key_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
);
CREATE INDEX bootstrap_sessions_user_idx ON bootstrap_sessions (user_id);

CREATE TABLE bootstrap_sign_in_codes (
    code_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
);

CREATE TABLE bootstrap_previews (
    user_id TEXT NOT NULL,
    tree_id TEXT NOT NULL,
    plan TEXT NOT NULL,
    report TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, tree_id)
);
CREATE INDEX bootstrap_previews_age_idx ON bootstrap_previews (created_at);

CREATE TABLE bootstrap_answers (
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    -- Null while the request is being carried out.
    status INTEGER,
    body TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX bootstrap_answers_age_idx ON bootstrap_answers (created_at);
