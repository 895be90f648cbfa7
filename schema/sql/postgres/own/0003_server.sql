-- The server: who administers, who is signed in, and what was previewed or answered. Raw tokens, codes and keys of
-- sessions are never stored, only their SHA-256.
CREATE TABLE bootstrap_administrators (
    user_id text PRIMARY KEY,
    added_at timestamp(3) NOT NULL
);

CREATE TABLE bootstrap_sessions (
    key_hash text PRIMARY KEY,
    user_id text NOT NULL,
    created_at timestamp(3) NOT NULL,
    seen_at timestamp(3) NOT NULL
);
CREATE INDEX bootstrap_sessions_user_idx ON bootstrap_sessions (user_id);

CREATE TABLE bootstrap_sign_in_codes (
    code_hash text PRIMARY KEY,
    user_id text NOT NULL,
    created_at timestamp(3) NOT NULL
);

CREATE TABLE bootstrap_previews (
    user_id text NOT NULL,
    tree_id text NOT NULL,
    plan jsonb NOT NULL,
    report jsonb NOT NULL,
    created_at timestamp(3) NOT NULL,
    PRIMARY KEY (user_id, tree_id)
);
CREATE INDEX bootstrap_previews_age_idx ON bootstrap_previews (created_at);

CREATE TABLE bootstrap_answers (
    user_id text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    -- Null while the request is being carried out.
    status bigint,
    body jsonb,
    created_at timestamp(3) NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX bootstrap_answers_age_idx ON bootstrap_answers (created_at);
