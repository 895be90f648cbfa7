-- The change of each catalogue that is not published yet, with all files of the catalogue.
CREATE TABLE bootstrap_catalog_drafts (
    catalog text PRIMARY KEY,
    files_hash text NOT NULL,
    -- The version of the rows that the draft was made from; null where there was none.
    base_version text,
    files jsonb NOT NULL,
    saved_by text NOT NULL,
    saved_at timestamp(3) NOT NULL
);
