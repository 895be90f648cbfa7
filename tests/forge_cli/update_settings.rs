//! Settings on the forge of a newer catalogue: an update shows them and sets none.

use super::Joint;
use super::operations::published;
use crate::forge::fake::Dialect;
use crate::support::Ran;
use serde_json::{Value, json};

/// Another label and a second approval. No file of the plan changes.
fn raise(joint: &Joint) {
    let path = "catalog/demo/catalog.yaml";
    let catalog = joint.sandbox.read(path);
    let raised = catalog.replace("approvals: 1", "approvals: 2").replace(
        "labels: [",
        "labels: [{ name: urgent, color: \"d73a4a\" }, ",
    );
    assert_ne!(catalog, raised);
    joint.sandbox.write(path, raised);
}

fn update(joint: &Joint, more: &[&str]) -> Ran {
    let mut update = joint.command(&["update", "clone", "--catalog", "."]);
    update.args(more);
    joint.run(update)
}

/// The update with the flags of the forge.
fn update_at(joint: &Joint, more: &[&str]) -> Ran {
    let forge = match joint.fake.dialect {
        Dialect::GitHub => "github",
        Dialect::Forgejo => "forgejo",
    };
    let address = joint.address();
    let flags = ["--forge", forge, "--forge-url", &address];
    update(joint, &[&flags, more].concat())
}

fn settings_named(differences: &Value) -> Vec<&str> {
    let differences = differences.as_array().unwrap().iter();
    let names = differences.map(|one| one["setting"].as_str().unwrap());
    names.collect()
}

#[test]
fn a_pull_request_tells_the_settings_of_the_new_plan_and_sets_none() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = published(dialect);
        let before = joint.state().settings.clone();
        raise(&joint);
        let report = update_at(&joint, &["--pull-request", "--format", "json"]);
        let report = report.exits(0).json();
        assert_eq!(report["onlyProvenance"], true);
        let settings = &report["settings"];
        assert_eq!(settings["comparison"], "compared");
        assert_eq!(settings["needed"]["protection"]["approvals"], 2);
        assert_eq!(
            settings_named(&settings["differences"]),
            ["label `urgent`", "protection of `main`: approvals"]
        );
        // Without its record in the repository, `ops apply` would set the settings of the earlier plan.
        assert_eq!(report["pullRequest"]["outcome"], "opened");
        let pull = joint.state().pulls[0].clone();
        for part in [
            "This pull request changes none of them. `groundplan ops apply` sets them after the merge:",
            "- `protection of 'main': approvals`: `1` on the forge, `2` in the plan",
        ] {
            assert!(pull.body.contains(part), "{part}: {}", pull.body);
        }
        let after = joint.state().settings.clone();
        assert_eq!(
            (after.labels, after.protection),
            (before.labels, before.protection)
        );
        let sandbox = &joint.sandbox;
        sandbox.git("clone", &["fetch", "-q", "origin", &pull.head]);
        sandbox.git("clone", &["merge", "-q", "--ff-only", "FETCH_HEAD"]);
        joint.ops("apply", &[]).exits(0);
        let current = update_at(&joint, &["--format", "json"]).exits(0).json();
        assert_eq!(current["upToDate"], true);
        assert_eq!(current["settings"]["differences"], json!([]));
        assert_eq!(joint.ops("verify", &[]).code, 0);
    }
}

#[test]
fn the_text_of_an_update_names_the_differences_and_the_command() {
    let joint = published(Dialect::Forgejo);
    raise(&joint);
    let text = update(&joint, &[]).exits(0).stdout;
    let command = "groundplan ops verify clone --catalog . --forge FORGE";
    assert!(text.lines().any(|line| line == command), "{text}");
    let text = update_at(&joint, &[]).exits(0).stdout;
    let apply = format!(
        "groundplan ops apply clone --catalog . --forge forgejo --forge-url {}",
        joint.address()
    );
    for line in [
        "Settings on the forge stay as they are. The new plan needs others:",
        "  label `urgent` is missing instead of present",
        "  protection of `main`: approvals is 1 instead of 2",
        "Once the update is merged, set them with:",
        &apply,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert_eq!(joint.state().pulls, []);
}

#[test]
fn settings_that_cannot_be_read_do_not_stop_an_update() {
    let joint = published(Dialect::GitHub);
    raise(&joint);
    let local = ["--forge", "local", "--forge-url", "srv", "--format", "json"];
    let report = update(&joint, &local).exits(0).json();
    assert_eq!(report["canProceed"], true);
    assert_eq!(report["settings"]["comparison"], "unread");
    let reason = "the forge keeps no settings of repositories";
    assert_eq!(report["settings"]["reason"], reason);
}

#[test]
fn a_plan_without_settings_asks_the_forge_for_none() {
    let joint = super::updates::behind(Dialect::Forgejo);
    let report = super::updates::propose(&joint).exits(0).json();
    assert_eq!(report.get("settings"), None);
    let is_about_settings = |call: &String| call.contains("labels") || call.contains("protection");
    assert!(!joint.state().calls.iter().any(is_about_settings));
}
