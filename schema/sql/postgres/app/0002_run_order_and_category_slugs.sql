-- Lists of runs read one page without sorting all runs.
CREATE INDEX bootstrap_runs_created_at_id_idx ON bootstrap_runs (created_at DESC, id DESC);
-- Two catalogues may have a category of the same name: bootstrap_catalog_categories makes it unique within its catalogue.
ALTER TABLE bootstrap_categories DROP CONSTRAINT bootstrap_categories_slug_key;
