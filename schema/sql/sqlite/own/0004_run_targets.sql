-- The repository and the tree that each run is for, as its plan and report name them: a list reads these columns and no
-- document.
CREATE TABLE bootstrap_run_targets (
    run_id TEXT PRIMARY KEY,
    owner TEXT,
    repo TEXT,
    tree TEXT
);

INSERT INTO bootstrap_run_targets (run_id, owner, repo, tree)
SELECT id, recipe_snapshot -> 'inputs' ->> 'owner', recipe_snapshot -> 'inputs' ->> 'repo', dry_run_report ->> 'treeId'
FROM bootstrap_runs
WHERE typeof(id) = 'text' AND json_valid(recipe_snapshot) AND json_valid(dry_run_report);
