//! What people do with runs: submit, list, show, watch, cancel, retry, approve, clean up; and catalogues in a database.

use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// A sandbox with the demo catalogue, a database and an empty forge.
struct Office {
    sandbox: Sandbox,
}

impl Office {
    fn open() -> Self {
        let sandbox = Sandbox::with_demo();
        fs::create_dir(sandbox.join("forge")).unwrap();
        Self { sandbox }
    }

    #[track_caller]
    fn ask(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command.args(args).env("DATABASE_URL", "sqlite:jobs.db");
        self.sandbox.run(&mut command)
    }

    /// Submits the demo product and gives the run's id.
    #[track_caller]
    fn submit(&self, more: &[&str]) -> String {
        let ran = self.try_submit(more).exits(0);
        ran.json()["id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn try_submit(&self, more: &[&str]) -> Ran {
        let submit = [
            "runs",
            "submit",
            "--catalog",
            ".",
            "--defaults",
            "--format",
            "json",
        ];
        self.ask(&[&submit[..], &PRODUCT, more].concat())
    }

    #[track_caller]
    fn work(&self) -> Ran {
        self.work_with(&[])
    }

    #[track_caller]
    fn work_with(&self, more: &[&str]) -> Ran {
        let flags = ["--catalogs", ".", "--state", "state", "--forge", "local"];
        self.ask(
            &[
                &["work", "--once", "--forge-url", "forge"],
                &flags[..],
                more,
            ]
            .concat(),
        )
    }

    fn show(&self, run: &str) -> Value {
        self.ask(&["runs", "show", run, "--format", "json"])
            .exits(0)
            .json()
    }

    fn kinds(&self, run: &str) -> Vec<String> {
        let events = &self.show(run)["events"];
        let kind = |event: &Value| event["kind"].as_str().unwrap().to_owned();
        events.as_array().unwrap().iter().map(kind).collect()
    }

    /// The demo catalogue's option that brings a workflow, so that its risk is high.
    fn risky(&self) -> String {
        let recipe = "actions:\n  - { kind: WRITE_FILE, path: .github/workflows/ci.yml, content: 'on: push' }\n";
        let path = "recipes/demo/auth/session.yaml";
        self.sandbox.write(path, recipe);
        self.submit(&[])
    }
}

#[test]
fn a_submitted_preview_becomes_its_repository_and_can_be_followed() {
    let office = Office::open();
    let run = office.submit(&[]);
    let listed = office.ask(&["runs", "list"]).exits(0).stdout;
    assert!(
        listed.starts_with(&run) && listed.contains("PENDING"),
        "{listed}"
    );
    office.work().exits(0);
    let watched = office.ask(&["runs", "watch", &run]).exits(0).stdout;
    assert!(watched.contains("succeeded"), "{watched}");
    let lines = office
        .ask(&["runs", "watch", &run, "--format", "json"])
        .exits(0);
    let last: Value = serde_json::from_str(lines.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["kind"], "succeeded");
    let shown = office.show(&run);
    assert_eq!(shown["run"]["status"], "SUCCEEDED");
    let tree = office
        .sandbox
        .git("forge/acme/acme-web.git", &["rev-parse", "main^{tree}"]);
    assert_eq!(shown["run"]["tree"], tree.trim());
    let text = office.ask(&["runs", "show", &run]).exits(0).stdout;
    assert!(
        text.contains("SUCCEEDED") && text.contains(tree.trim()),
        "{text}"
    );
    let only = [
        "runs",
        "list",
        "--status",
        "succeeded",
        "--product",
        "acme-web",
    ];
    assert!(office.ask(&only).exits(0).stdout.contains(&run));
    let none = office.ask(&["runs", "list", "--status", "failed"]).exits(0);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.as_str()),
        ("", "no matching runs\n")
    );
}

#[test]
fn a_product_has_one_active_run_and_the_second_is_told_of_it() {
    let office = Office::open();
    let first = office.submit(&[]);
    let ran = office.try_submit(&[]).exits(1);
    assert!(
        ran.stderr.contains("already has an active run"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains(&first), "{}", ran.stderr);
    let other = office.submit(&["--product", "another"]);
    assert_ne!(first, other);
}

#[test]
fn only_the_expected_tree_of_a_template_that_others_find_is_submitted() {
    let office = Office::open();
    let tree = "0".repeat(40);
    let ran = office.try_submit(&["--expect", &tree]).exits(1);
    assert!(
        ran.stderr.contains("nothing was submitted"),
        "{}",
        ran.stderr
    );
    let ran = office
        .try_submit(&["--template", "catalog/demo/template"])
        .exits(1);
    assert!(
        ran.stderr.contains("template folder of this machine"),
        "{}",
        ran.stderr
    );
    assert!(!office.sandbox.join("jobs.db").exists());
}

#[test]
fn a_high_risk_waits_until_an_administrator_approves_its_tree() {
    let office = Office::open();
    let run = office.risky();
    office.work().exits(0);
    let waiting = office.ask(&["runs", "list", "--waiting"]).exits(0).stdout;
    assert!(
        waiting.contains(&run) && waiting.contains("waits for an approval"),
        "{waiting}"
    );
    let tree = office.show(&run)["run"]["tree"]
        .as_str()
        .unwrap()
        .to_owned();
    let approve = ["runs", "approve", &run, "--tree"];
    let ran = office.ask(&[&approve[..], &[&tree]].concat()).exits(1);
    assert!(
        ran.stderr.contains("`local` is not an administrator"),
        "{}",
        ran.stderr
    );
    let policy = "[tiers]\ndemo = \"low\"\n\n[approval]\nadministrators = [\"ada\"]\n";
    office.sandbox.write("policy.toml", policy);
    let policy = ["--policy", "policy.toml", "--as", "ada"];
    let unknown = office
        .ask(&[&approve[..], &[&tree], &policy].concat())
        .exits(1);
    assert!(
        unknown.stderr.contains("user `ada` does not exist"),
        "{}",
        unknown.stderr
    );
    office.submit(&["--as", "ada", "--product", "of-ada"]);
    let other = "0".repeat(40);
    let ran = office
        .ask(&[&approve[..], &[&other], &policy].concat())
        .exits(1);
    assert!(
        ran.stderr.contains("is not the tree of the run"),
        "{}",
        ran.stderr
    );
    office
        .ask(&[&approve[..], &[&tree], &policy].concat())
        .exits(0);
    // A worker accepts only administrators whom its own policy names.
    for _ in 0..2 {
        office.work().exits(0);
    }
    assert_eq!(office.show(&run)["run"]["status"], "PENDING");
    assert_eq!(
        office.kinds(&run),
        ["submitted", "held", "approved", "approval_void", "held"]
    );
    office
        .ask(&[&approve[..], &[&tree], &policy].concat())
        .exits(0);
    office.work_with(&["--policy", "policy.toml"]).exits(0);
    assert_eq!(office.show(&run)["run"]["status"], "SUCCEEDED");
    assert_eq!(office.show(&run)["run"]["approval"]["by"], "ada");
}

#[test]
fn a_submission_that_no_administrator_can_approve_says_how_to_name_one() {
    let office = Office::open();
    let recipe =
        "actions:\n  - { kind: WRITE_FILE, path: .github/workflows/ci.yml, content: 'on: push' }\n";
    office
        .sandbox
        .write("recipes/demo/auth/session.yaml", recipe);
    let submit = ["runs", "submit", "--catalog", ".", "--defaults"];
    let text = |more: &[&str]| {
        let ran = office.ask(&[&submit[..], &PRODUCT, more].concat());
        ran.exits(0)
    };
    let ran = text(&[]);
    let placeholder = "the author of the commit is the placeholder";
    assert!(ran.stderr.contains(placeholder), "{}", ran.stderr);
    let without = ran.stdout;
    assert!(
        without.contains("no policy names an administrator") && without.contains("--policy FILE"),
        "{without}"
    );
    office.sandbox.write(
        "policy.toml",
        "[tiers]\ndemo = \"low\"\n\n[approval]\nadministrators = [\"ada\"]\n",
    );
    let named = ["--product", "other", "--author", "Ada <ada@example.org>"];
    let ran = text(&[&["--policy", "policy.toml"], &named[..]].concat());
    assert!(!ran.stderr.contains(placeholder), "{}", ran.stderr);
    let with = ran.stdout;
    assert!(with.contains("An administrator can approve it"), "{with}");
}

#[test]
fn a_run_is_named_by_the_beginning_of_its_id_or_as_the_latest() {
    let office = Office::open();
    let run = office.submit(&[]);
    for name in ["latest", &run[..run.len() - 1], &run] {
        assert_eq!(office.show(name)["run"]["id"], run.as_str());
    }
    let older = office.ask(&["runs", "list", "--after", "latest"]).exits(0);
    assert_eq!(older.stdout, "");
    let cancelled = office.ask(&["runs", "cancel", "latest"]).exits(0).stdout;
    assert!(cancelled.contains(&run), "{cancelled}");
    let ran = office.ask(&["runs", "list", "--limit", "1"]).exits(0);
    assert!(
        ran.stderr.contains(&format!("--after {run}")),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_failed_run_is_a_warning_in_the_log_and_no_internal_name_is() {
    let office = Office::open();
    fs::create_dir_all(office.sandbox.join("forge/acme/acme-web.git")).unwrap();
    office.submit(&[]);
    let log = office.work().exits(1).stderr;
    let ends = |line: &&str| line.contains("step=\"stop\"") || line.contains("step=\"end\"");
    let ends: Vec<&str> = log.lines().filter(ends).collect();
    assert_eq!(ends.len(), 2, "{log}");
    assert!(ends.iter().all(|line| line.contains(" WARN ")), "{log}");
    assert!(
        log.contains("forge=\"local\"") && !log.contains("Some("),
        "{log}"
    );
}

#[test]
fn a_policy_holds_back_what_it_does_not_name() {
    let office = Office::open();
    office
        .sandbox
        .write("policy.toml", "[tiers]\nother = \"low\"\n");
    let run = office.submit(&["--policy", "policy.toml"]);
    assert_eq!(office.show(&run)["run"]["tiering"]["tier"], "HIGH");
    office.sandbox.write("policy.toml", "[tiers\n");
    let ran = office
        .try_submit(&["--policy", "policy.toml", "--product", "p"])
        .exits(2);
    assert!(
        ran.stderr.contains("invalid policy `policy.toml`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_queued_run_is_cancelled_at_once_and_a_finished_one_not_at_all() {
    let office = Office::open();
    let run = office.submit(&[]);
    let ran = office.ask(&["runs", "cancel", &run]).exits(0);
    assert!(
        ran.stdout
            .contains("is cancelled; nothing was left on the forge"),
        "{}",
        ran.stdout
    );
    office.work().exits(0);
    assert_eq!(office.show(&run)["run"]["status"], "CANCELLED");
    assert_eq!(
        office.kinds(&run),
        ["submitted", "cancel_asked", "cancelled"]
    );
    let ran = office.ask(&["runs", "cancel", &run]).exits(1);
    assert!(
        ran.stderr.contains("it cannot be cancelled"),
        "{}",
        ran.stderr
    );
    let ran = office.ask(&["runs", "watch", &run]).exits(1);
    assert!(ran.stdout.contains("cancelled"), "{}", ran.stdout);
}

#[test]
fn who_is_in_no_table_is_told_how_a_user_begins() {
    let office = Office::open();
    let run = office.submit(&[]);
    let stranger = office
        .ask(&["runs", "cancel", &run, "--as", "zoe"])
        .exits(1);
    assert!(
        stranger.stderr.contains("user `zoe` does not exist")
            && stranger
                .stderr
                .contains("first `runs submit` or `pat save`"),
        "{}",
        stranger.stderr
    );
    let other = office.try_submit(&["--as", "zoe"]).exits(1);
    assert!(
        other.stderr.contains("may belong to another user"),
        "{}",
        other.stderr
    );
}

#[test]
fn what_is_no_address_of_a_database_is_answered_with_one_that_can_be_read() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.args(["runs", "list", "--database-url", "jobs.db"]);
    let ran = Sandbox::new().run(&mut command).exits(2);
    assert!(
        ran.stderr
            .contains("hint: write `postgres://…` with user, password, host and name"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_cancelled_run_waits_for_nobody() {
    let office = Office::open();
    let run = office.risky();
    let held = office.ask(&["runs", "list"]).exits(0).stdout;
    assert!(
        held.contains("high") && held.contains("PENDING  waits for an approval"),
        "{held}"
    );
    office.ask(&["runs", "cancel", &run]).exits(0);
    let listed = office.ask(&["runs", "list"]).exits(0).stdout;
    assert!(
        listed.contains("CANCELLED") && !listed.contains("waits"),
        "{listed}"
    );
    assert_eq!(
        office.ask(&["runs", "list", "--waiting"]).exits(0).stdout,
        ""
    );
}

#[test]
fn the_address_of_a_local_repository_is_the_folder_it_is_in() {
    let office = Office::open();
    let run = office.submit(&[]);
    office.work().exits(0);
    let url = office.show(&run)["run"]["repoUrl"].clone();
    let url = url.as_str().unwrap();
    assert!(fs::exists(url).unwrap(), "{url}");
}

#[test]
fn a_failed_run_is_retried_and_goes_on() {
    let office = Office::open();
    fs::create_dir_all(office.sandbox.join("forge/acme/acme-web.git")).unwrap();
    let run = office.submit(&[]);
    office.work().exits(1);
    let shown = office.show(&run);
    assert_eq!(shown["run"]["status"], "FAILED", "{shown}");
    let ran = office.ask(&[
        "runs",
        "cleanup",
        &run,
        "--forge",
        "local",
        "--forge-url",
        "forge",
    ]);
    let ran = ran.exits(1);
    assert!(
        ran.stderr.contains("it left nothing to clean up"),
        "{}",
        ran.stderr
    );
    fs::remove_dir(office.sandbox.join("forge/acme/acme-web.git")).unwrap();
    office.ask(&["runs", "retry", &run]).exits(0);
    office.work().exits(0);
    assert_eq!(office.show(&run)["run"]["status"], "SUCCEEDED");
}

#[test]
fn what_is_not_there_is_named_with_what_to_do() {
    let office = Office::open();
    office.submit(&[]);
    let ran = office.ask(&["runs", "show", "nowhere"]).exits(1);
    assert!(
        ran.stderr.contains("run `nowhere` does not exist"),
        "{}",
        ran.stderr
    );
    let ran = office.ask(&["runs", "show", "../x"]).exits(2);
    assert!(ran.stderr.contains("invalid id"), "{}", ran.stderr);
    let ran = office.ask(&["runs", "list", "--status", "done"]).exits(2);
    assert!(
        ran.stderr.contains("the statuses are pending, running"),
        "{}",
        ran.stderr
    );
    let misspelt = ["runs", "list", "--database-url", "sqlite:job.db"];
    let ran = office.sandbox.groundplan(misspelt).exits(3);
    assert!(ran.stderr.contains("check DATABASE_URL"), "{}", ran.stderr);
    assert!(!office.sandbox.join("job.db").exists());
    let ran = office.sandbox.groundplan(["runs", "list"]).exits(2);
    assert!(
        ran.stderr.contains("DATABASE_URL is not set"),
        "{}",
        ran.stderr
    );
    let secret = "postgres://ada:hunter2@127.0.0.1:1/none";
    let ran = office
        .sandbox
        .groundplan(["runs", "list", "--database-url", secret])
        .exits(3);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the database cannot be reached"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_catalogue_is_published_once_for_each_version_and_versions_are_compared() {
    let office = Office::open();
    let publish = ["catalog", "publish", "."];
    let first = office.ask(&publish).exits(0).stdout;
    assert!(
        first.contains("is version 1, published by local"),
        "{first}"
    );
    assert_eq!(office.ask(&publish).exits(0).stdout, first);
    let recipe = "recipes/demo/auth/session.yaml";
    let changed = format!(
        "{}  - {{ kind: WRITE_FILE, path: docs/new.md, content: new }}\n",
        office.sandbox.read(recipe)
    );
    office.sandbox.write(recipe, changed);
    office.ask(&publish).exits(0);
    let history = office.ask(&["catalog", "history", "demo"]).exits(0).stdout;
    assert_eq!(history.lines().count(), 2, "{history}");
    let diff = ["catalog", "diff", "published:demo@1", "published:demo"];
    let diff = office.ask(&diff).exits(0).stdout;
    assert!(diff.contains("docs/new.md"), "{diff}");
    let missing = office
        .ask(&["catalog", "diff", "published:demo@9", "."])
        .exits(2);
    assert!(
        missing.stderr.contains("has no published version 9"),
        "{}",
        missing.stderr
    );
}

#[test]
fn the_updates_of_a_fleet_are_queued_for_the_workers_of_a_service() {
    let office = Office::open();
    office.submit(&[]);
    office.work().exits(0);
    let sandbox = &office.sandbox;
    let file = "catalog/demo/catalog.yaml";
    let raised = sandbox.read(file).replace("version: v1", "version: v2");
    sandbox.write(file, raised);
    let readme = "# __PRODUCT_NAME__\n\nNewer.\n";
    sandbox.write("catalog/demo/template/README.md", readme);
    sandbox.write("fleet.txt", "acme/acme-web\nacme/unknown\n");
    let queue = ["fleet", "update", "fleet.txt", "--queue", "--as", "ada"];
    let report = [&queue[..], &["--format", "json"]].concat();
    let report = office.ask(&report).exits(1).json();
    let run = report["repositories"][0]["run"].as_str().unwrap();
    let error = report["repositories"][1]["error"].as_str().unwrap();
    assert_eq!(error, "no run of this database has created it");
    office.work().exits(0);
    let shown = office.show(run);
    assert_eq!(shown["run"]["status"], "SUCCEEDED", "{shown}");
    let result = &shown["run"]["update"]["result"];
    assert_eq!(result["state"], "untouched");
    let branch = result["proposal"]["branch"].as_str().unwrap();
    let read = format!("{branch}:README.md");
    let folder = "forge/acme/acme-web.git";
    assert_eq!(
        sandbox.git(folder, &["show", &read]),
        "# Acme Web\n\nNewer.\n"
    );
    let text = office.ask(&["runs", "show", run]).exits(0).stdout;
    assert!(text.contains("behind, untouched: 1 take"), "{text}");
    assert!(text.contains(branch), "{text}");

    // By the owner, without a list.
    let queue = ["fleet", "update", "--owner", "ACME", "--queue"];
    let text = office.ask(&queue).exits(0).stdout;
    assert!(text.ends_with("1 repositories: 1 queued\n"), "{text}");
    // A second request while the first one waits.
    let text = office.ask(&queue).exits(1).stdout;
    assert!(text.contains("already has an active run"), "{text}");
}
