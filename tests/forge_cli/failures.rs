//! What fails, what is left of it, and what a person is told.

use super::Joint;
use crate::forge::fake::{Dialect, Fault};
use crate::support::Ran;
use crate::support::git_server::Fault as GitFault;

/// Both APIs.
const BOTH: [Dialect; 2] = [Dialect::GitHub, Dialect::Forgejo];

/// Fails when anything was made on the forge or is kept of the run.
#[track_caller]
fn left_nothing(joint: &Joint, ran: &Ran) {
    assert!(
        joint
            .state()
            .repos
            .values()
            .all(|repo| repo.name != "acme-web" || repo.stars > 0)
    );
    assert_eq!(joint.state_files(), Vec::<String>::new(), "{}", ran.stderr);
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    for dialect in BOTH {
        let joint = Joint::start(dialect);
        let id = joint.state().add("acme", "acme-web", "Ours since 2019");
        joint.state().repos.get_mut(&id).unwrap().stars = 1;
        let ran = joint.run(joint.new_command(&[])).exits(1);
        assert!(
            ran.stderr
                .contains("`acme/acme-web` already exists; nothing was created")
        );
        assert_eq!(joint.state().count("POST"), 0);
        left_nothing(&joint, &ran);
    }
}

#[track_caller]
fn lacks(joint: &Joint, scopes: &'static str, lacking: &str) {
    joint.state().scopes = scopes;
    let ran = joint.run(joint.new_command(&["--into", "here"])).exits(4);
    let message = format!("lacks the scope `{lacking}`");
    assert!(ran.stderr.contains(&message), "{}", ran.stderr);
    assert_eq!(joint.state().count("POST"), 0);
    assert!(!joint.sandbox.join("here").exists());
    left_nothing(joint, &ran);
}

#[test]
fn a_token_without_a_scope_it_needs_is_refused_before_anything_is_made() {
    let joint = Joint::start(Dialect::GitHub);
    lacks(&joint, "gist, workflow", "repo");
    let workflow = "catalog/demo/template/.github/workflows/ci.yml";
    joint.sandbox.write(workflow, "on: push\njobs: {}\n");
    lacks(&joint, "repo", "workflow");
    lacks(&joint, "gist", "repo` and `workflow");
    joint.state().scopes = "repo, workflow";
    joint.run(joint.new_command(&[])).exits(0);
}

#[test]
fn a_token_that_the_forge_does_not_know_ends_with_a_code_of_its_own() {
    for dialect in BOTH {
        let joint = Joint::start(dialect);
        let mut command = joint.new_command(&[]);
        command.env(
            "GROUNDPLAN_FORGE_TOKEN",
            "ghp_another0123456789another012345678",
        );
        let ran = joint.run(command).exits(4);
        assert!(ran.stderr.contains("the forge rejects the token"));
        left_nothing(&joint, &ran);
    }
}

#[test]
fn another_person_s_place_is_refused_before_anything_is_made() {
    let joint = Joint::start(Dialect::GitHub);
    let mut command = joint.command(&["new", "--catalog", ".", "--defaults"]);
    let address = joint.address();
    let product = ["--name", "Acme Web", "--owner", "bob", "--repo", "acme-web"];
    command
        .args(product)
        .args(["--forge", "github", "--forge-url", &address]);
    let ran = joint.run(command).exits(1);
    assert!(
        ran.stderr.contains("`bob` is another user"),
        "{}",
        ran.stderr
    );
    left_nothing(&joint, &ran);
}

#[test]
fn what_an_organisation_does_not_let_its_members_do_leaves_nothing_but_the_folder() {
    let joint = Joint::start(Dialect::GitHub);
    let mut command = joint.command(&["new", "--catalog", ".", "--defaults"]);
    let address = joint.address();
    let product = [
        "--name", "Acme Web", "--owner", "closed", "--repo", "acme-web",
    ];
    command
        .args(product)
        .args(["--forge", "github", "--forge-url", &address])
        .args(["--into", "here", "--format", "json"]);
    let ran = joint.run(command).exits(1);
    assert!(
        ran.stderr
            .contains("nothing was created; the folder `here` stays"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.json()["path"], "here");
    assert!(joint.sandbox.join("here/package.json").exists());
    left_nothing(&joint, &ran);
}

#[test]
fn a_push_that_a_hook_declines_leaves_no_repository() {
    for dialect in BOTH {
        let joint = Joint::start(dialect);
        joint.state().disk.as_mut().unwrap().hook = Some("echo no secrets here >&2; exit 1");
        let ran = joint.run(joint.new_command(&["--format", "json"])).exits(1);
        assert!(ran.stderr.contains("no secrets here"), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("the new repository was removed"),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.json()["left"], serde_json::Value::Null);
        assert_eq!(joint.state().deletes.len(), 1);
        left_nothing(&joint, &ran);
    }
}

#[test]
fn what_the_token_may_not_remove_is_told_with_its_command() {
    let joint = Joint::start(Dialect::GitHub);
    joint.state().scopes = "repo";
    joint.state().disk.as_mut().unwrap().hook = Some("exit 1");
    let ran = joint.run(joint.new_command(&["--format", "json"])).exits(1);
    let left = &ran.json()["left"];
    let id = joint.state().creates[0];
    assert_eq!(left["fullName"], "acme/acme-web");
    assert_eq!(left["id"], id);
    assert_eq!(left["kind"], "unfinished");
    let command = format!(
        "gh api --hostname {} --method DELETE repositories/{id}",
        joint.front
    );
    assert_eq!(left["removal"], command);
    let ledger = joint.ledger();
    let ledger = ledger.to_str().unwrap();
    assert_eq!(ran.json()["resume"], format!("groundplan resume {ledger}"));
    assert!(ran.stderr.contains(&command), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains(&format!("`groundplan cleanup {ledger}`"))
    );

    // With the right to, it is taken back.
    joint.state().scopes = "repo, delete_repo";
    let cleaned = joint.run(joint.command(&["cleanup", ledger])).exits(0);
    assert_eq!(
        cleaned.stdout,
        format!("Removed the unfinished repository (number {id}).\n")
    );
    assert!(joint.state().repos.is_empty());
    let refused = joint.run(joint.command(&["resume", ledger])).exits(1);
    assert!(
        refused.stderr.contains("does not contain commit"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_repository_whose_answer_was_lost_is_adopted() {
    for dialect in BOTH {
        let first = Joint::start(dialect);
        first.run(first.new_command(&[])).exits(0);
        let calls = first.state().calls.clone();
        let create = calls
            .iter()
            .position(|call| call.starts_with("POST"))
            .unwrap();
        let joint = Joint::start(dialect);
        joint.state().fault = Some((create, Fault::CutAfter, 1));
        joint.run(joint.new_command(&[])).exits(0);
        assert_eq!(joint.state().creates.len(), 1);
        assert!(joint.is_right());
    }
}

#[test]
fn a_push_whose_answer_was_lost_is_found() {
    let joint = Joint::start(Dialect::Forgejo);
    joint.git.fails("/git-receive-pack?", GitFault::Cut(0));
    joint.run(joint.new_command(&[])).exits(0);
    assert!(joint.is_right());
}

#[test]
fn a_server_that_repeats_the_token_gets_it_into_no_text() {
    let joint = Joint::start(Dialect::GitHub);
    joint.git.fails("info/refs", GitFault::Status(403));
    let ran = joint.run(joint.new_command(&["--format", "json"])).exits(1);
    assert!(ran.stderr.contains("access was refused"), "{}", ran.stderr);
    assert!(ran.stderr.contains("[secret]"), "{}", ran.stderr);
    left_nothing(&joint, &ran);
}

#[test]
fn a_host_that_would_get_the_push_without_encryption_is_refused_at_once() {
    let joint = Joint::start(Dialect::Forgejo);
    let mut command = joint.command(&["new", "--catalog", ".", "--defaults"]);
    command.args(crate::support::PRODUCT).args([
        "--forge",
        "forgejo",
        "--forge-url",
        "http://forge.lan",
        "--allow-http",
        "forge.lan",
    ]);
    let ran = joint.run(command).exits(2);
    assert!(ran.stderr.contains("without encryption"), "{}", ran.stderr);
}
