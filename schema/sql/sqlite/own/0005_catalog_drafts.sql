-- The change of each catalogue that is not published yet, with all files of the catalogue.
CREATE TABLE bootstrap_catalog_drafts (
    catalog TEXT PRIMARY KEY,
    files_hash TEXT NOT NULL,
    -- The version of the rows that the draft was made from; null where there was none.
    base_version TEXT,
    files TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at INTEGER NOT NULL
);
