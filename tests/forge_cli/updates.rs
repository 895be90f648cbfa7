//! `groundplan update --pull-request`: the branch, the pull request, and what happens when it is run again.

use super::Joint;
use crate::forge::fake::{Dialect, Fault, PERMANENTLY, Pull};
use crate::support::Ran;
use serde_json::json;
use std::process::Command;

const TEMPLATE: &str = "catalog/demo/template";

/// A published repository, cloned to `out`, and a newer template.
pub(super) fn behind(dialect: Dialect) -> Joint {
    let joint = Joint::start(dialect);
    joint.run(joint.new_command(&[])).exits(0);
    joint.sandbox.git(
        ".",
        &["clone", "-q", joint.published().to_str().unwrap(), "out"],
    );
    raise(&joint, "README.md", "# __PRODUCT_NAME__\n\nNewer.\n");
    joint
}

/// A new version of the template, in which a file has another text.
pub(super) fn raise(joint: &Joint, path: &str, text: &str) {
    let file = "catalog/demo/catalog.yaml";
    let catalog = joint.sandbox.read(file);
    let at = catalog.find("version: v").unwrap() + "version: v".len();
    let end = at + catalog[at..].find(' ').unwrap();
    let next = catalog[at..end].parse::<u32>().unwrap() + 1;
    let raised = format!("{}{next}{}", &catalog[..at], &catalog[end..]);
    joint.sandbox.write(file, raised);
    joint.sandbox.write(&format!("{TEMPLATE}/{path}"), text);
}

#[track_caller]
pub(super) fn propose(joint: &Joint) -> Ran {
    joint.run(proposing(joint))
}

/// The command that proposes the update of `out`.
pub(super) fn proposing(joint: &Joint) -> Command {
    let forge = match joint.fake.dialect {
        Dialect::GitHub => "github",
        Dialect::Forgejo => "forgejo",
    };
    let address = joint.address();
    let args = [
        "update",
        "out",
        "--catalog",
        ".",
        "--pull-request",
        "--forge",
        forge,
        "--forge-url",
        &address,
        "--author",
        "Jane <jane@example.org>",
        "--format",
        "json",
    ];
    joint.command(&args)
}

pub(super) fn only_pull(joint: &Joint) -> Pull {
    let state = joint.state();
    let [pull] = state.pulls.as_slice() else {
        panic!("one pull request instead of {:?}", state.pulls);
    };
    pull.clone()
}

pub(super) fn on_forge(joint: &Joint, reference: &str) -> String {
    let id = joint
        .sandbox
        .git_id(joint.published().to_str().unwrap(), reference);
    id.to_string()
}

#[test]
fn an_update_becomes_one_pull_request_with_exactly_its_tree() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = behind(dialect);
        let report = propose(&joint).exits(0).json();
        let pull = only_pull(&joint);
        assert_eq!(report["pullRequest"]["outcome"], "opened");
        assert_eq!(report["pullRequest"]["number"], pull.number);
        assert_eq!((pull.base.as_str(), pull.draft), ("main", false));
        assert!(
            pull.body.contains("| take | `README.md` |"),
            "{}",
            pull.body
        );
        assert_eq!(
            on_forge(&joint, &format!("{}^{{tree}}", pull.head)),
            report["treeId"]
        );
        assert_eq!(on_forge(&joint, &format!("{}^", pull.head)), report["head"]);
        // The generated commit is there too, without a file of the repository's own.
        assert_eq!(report["pullRequest"]["hasGenerated"], true);
        let generated = on_forge(&joint, "refs/groundplan/generated^{tree}");
        assert_eq!(generated, report["treeId"]);
        // Again: the same pull request, and not one request that changes anything.
        let changes = |joint: &Joint| joint.state().count("P");
        let before = changes(&joint);
        let again = propose(&joint).exits(0).json();
        assert_eq!(again["pullRequest"]["outcome"], "adopted");
        assert_eq!((changes(&joint), only_pull(&joint)), (before, pull));
    }
}

#[test]
fn the_base_is_the_repositorys_own_default_branch() {
    let joint = behind(Dialect::Forgejo);
    let published = joint.published();
    joint
        .sandbox
        .git(published.to_str().unwrap(), &["branch", "trunk", "main"]);
    joint.state().default_branch = "trunk";
    propose(&joint).exits(0);
    assert_eq!(only_pull(&joint).base, "trunk");
}

#[test]
fn a_conflict_makes_a_draft_that_tells_it() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = behind(dialect);
        joint.sandbox.write("out/README.md", "# Mine\n");
        joint.sandbox.commit("out");
        joint.sandbox.git("out", &["push", "-q", "origin", "main"]);
        let report = propose(&joint).exits(1).json();
        let pull = only_pull(&joint);
        assert!(pull.draft);
        assert_eq!(report["pullRequest"]["draft"], true);
        assert!(pull.body.contains("--theirs README.md"), "{}", pull.body);
        assert!(pull.body.contains("+Newer."), "{}", pull.body);
        let readme = joint.sandbox.git(
            joint.published().to_str().unwrap(),
            &["show", &format!("{}:README.md", pull.head)],
        );
        assert_eq!(readme, "# Mine\n");
    }
}

#[test]
fn nothing_is_opened_where_nothing_but_the_record_would_change() {
    let joint = behind(Dialect::GitHub);
    raise(
        &joint,
        "README.md",
        "# __PRODUCT_NAME__\n\nOf __GITHUB_OWNER__.\n",
    );
    let report = propose(&joint).exits(0).json();
    assert_eq!(
        (&report["onlyProvenance"], report.get("pullRequest")),
        (&json!(true), None)
    );
    assert_eq!(joint.state().pulls, []);
}

#[test]
fn an_open_pull_request_gets_the_newer_update_unless_somebody_pushed_to_it() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = behind(dialect);
        propose(&joint).exits(0);
        let first = only_pull(&joint);
        raise(&joint, "README.md", "# __PRODUCT_NAME__\n\nNewest.\n");
        let report = propose(&joint).exits(0).json();
        let second = only_pull(&joint);
        assert_eq!(report["pullRequest"]["outcome"], "advanced");
        assert_eq!((second.number, &second.head), (first.number, &first.head));
        assert_eq!(
            on_forge(&joint, &format!("{}^{{tree}}", second.head)),
            report["treeId"]
        );

        // A person pushes to the branch.
        let branch = &second.head;
        joint.sandbox.git("out", &["fetch", "-q", "origin", branch]);
        joint
            .sandbox
            .git("out", &["checkout", "-q", "-b", "mine", "FETCH_HEAD"]);
        joint.sandbox.write("out/mine.txt", "mine\n");
        let mine = joint.sandbox.commit("out");
        joint
            .sandbox
            .git("out", &["push", "-q", "origin", &format!("HEAD:{branch}")]);
        joint.sandbox.git("out", &["checkout", "-q", "main"]);
        raise(&joint, "README.md", "# __PRODUCT_NAME__\n\nLast.\n");
        for _ in 0..2 {
            let report = propose(&joint).exits(0).json();
            assert_eq!(report["pullRequest"]["outcome"], "commented");
            assert_eq!(on_forge(&joint, branch), mine.to_string());
            assert_eq!(only_pull(&joint).comments.len(), 1);
        }
    }
}

#[test]
fn an_update_that_stopped_between_push_and_text_stays_ours() {
    for dialect in [Dialect::GitHub, Dialect::Forgejo] {
        let joint = behind(dialect);
        propose(&joint).exits(0);
        raise(&joint, "README.md", "# __PRODUCT_NAME__\n\nNewest.\n");
        let calls = joint.state().calls.len();
        propose(&joint).exits(0);
        let revision = {
            let state = joint.state();
            let is_revision = |call: &String| call.starts_with("PATCH");
            state.calls[calls..].iter().position(is_revision).unwrap()
        };
        raise(&joint, "README.md", "# __PRODUCT_NAME__\n\nStopped.\n");
        let at = joint.state().calls.len() + revision;
        joint.state().fault = Some((at, Fault::CutBefore, 1));
        propose(&joint).exits(3);
        joint.state().fault = None;
        // The same update again, then a newer one.
        let report = propose(&joint).exits(0).json();
        assert_eq!(report["pullRequest"]["outcome"], "advanced");
        raise(&joint, "README.md", "# __PRODUCT_NAME__\n\nLast.\n");
        let report = propose(&joint).exits(0).json();
        assert_eq!(report["pullRequest"]["outcome"], "advanced");
        assert_eq!(only_pull(&joint).comments, Vec::<String>::new());
    }
}

#[test]
fn workflow_files_need_their_scope_before_anything_is_pushed() {
    let joint = behind(Dialect::GitHub);
    raise(&joint, ".github/workflows/ci.yml", "on: push\n");
    joint.state().scopes = "repo";
    let refused = propose(&joint).exits(1).stderr;
    assert!(
        refused.contains("the token lacks the scope `workflow`"),
        "{refused}"
    );
    assert_eq!(joint.state().pulls, []);
    let branches = joint
        .sandbox
        .git(joint.published().to_str().unwrap(), &["branch", "--list"]);
    assert_eq!(branches, "* main\n");
}

#[test]
fn a_fleet_gives_the_forge_the_pause_that_it_asks_for() {
    let joint = failing_to_open(Fault::Pause, 1, propose_fleet);
    let report = propose_fleet(&joint).exits(0).json();
    assert_eq!(report["repositories"][0]["outcome"], "proposed");
    let state = joint.state();
    let opened = state.calls.iter().filter(|call| is_open(call));
    assert_eq!((opened.count(), state.pulls.len()), (2, 1));
}

/// True for the request that opens a pull request.
fn is_open(call: &str) -> bool {
    call.starts_with("POST") && call.ends_with("/pulls")
}

/// A repository whose pull request cannot be opened: the request, counted in a run without a fault, and those after it fail.
fn failing_to_open(fault: Fault, times: usize, run: fn(&Joint) -> Ran) -> Joint {
    let smooth = behind(Dialect::GitHub);
    let before = smooth.state().calls.len();
    run(&smooth).exits(0);
    let opens = smooth.state().calls[before..]
        .iter()
        .position(|call| is_open(call));

    let joint = behind(Dialect::GitHub);
    let at = joint.state().calls.len() + opens.expect("a pull request");
    joint.state().fault = Some((at, fault, times));
    joint
}

#[track_caller]
fn propose_fleet(joint: &Joint) -> Ran {
    joint.sandbox.write("fleet.txt", "out\n");
    let address = joint.address();
    let args = [
        "fleet",
        "update",
        "fleet.txt",
        "--catalog",
        ".",
        "--pull-request",
        "--forge",
        "github",
        "--forge-url",
        &address,
        "--format",
        "json",
    ];
    joint.run(joint.command(&args))
}

#[test]
fn what_a_forge_cannot_do_is_refused_with_the_next_step() {
    let joint = behind(Dialect::GitHub);
    joint.sandbox.write("forge/.keep", "");
    let args = [
        "update",
        "out",
        "--catalog",
        ".",
        "--pull-request",
        "--forge",
        "local",
        "--forge-url",
        "forge",
    ];
    let refused = joint.run(joint.command(&args)).exits(2).stderr;
    assert!(
        refused.contains("this forge has no pull requests\nhint: use `--into-branch BRANCH`"),
        "{refused}"
    );
    let cut = failing_to_open(Fault::CutAfter, PERMANENTLY, propose);
    let unknown = propose(&cut).exits(3).stderr;
    assert!(
        unknown.contains("it is unknown if the pull request was opened")
            && unknown.contains("run the same command again"),
        "{unknown}"
    );
    joint.state().repos.clear();
    let refused = propose(&joint).exits(1).stderr;
    assert!(
        refused.contains("the forge has no repository `acme/acme-web`, or the token cannot see it"),
        "{refused}"
    );
}

/// A fault at each request: a second run ends with one pull request of exactly the update, or the first one says why not.
#[test]
fn after_any_fault_a_second_run_finds_or_opens_the_one_pull_request() {
    let faults = [
        (Dialect::GitHub, Fault::CutAfter),
        (Dialect::GitHub, Fault::Garbage),
        (Dialect::Forgejo, Fault::CutBefore),
        (Dialect::Forgejo, Fault::BadGatewayAfter),
        (Dialect::Forgejo, Fault::Truncated),
    ];
    for (dialect, fault) in faults {
        let joint = behind(dialect);
        let start = joint.state().calls.len();
        propose(&joint).exits(0);
        let end = joint.state().calls.len();
        let tree = on_forge(&joint, &format!("{}^{{tree}}", only_pull(&joint).head));
        for call in 0..end - start {
            let branch = {
                let mut state = joint.state();
                let branch = state.pulls.drain(..).next().map(|pull| pull.head);
                let from = state.calls.len() + call;
                state.fault = Some((from, fault, 1));
                branch
            };
            if let Some(branch) = branch {
                let published = joint.published();
                joint.sandbox.git(
                    published.to_str().unwrap(),
                    &["branch", "-q", "-D", &branch],
                );
            }
            propose(&joint);
            joint.state().fault = None;
            propose(&joint).exits(0);
            let pull = only_pull(&joint);
            assert_eq!(
                on_forge(&joint, &format!("{}^{{tree}}", pull.head)),
                tree,
                "{fault:?} at {call}"
            );
        }
    }
}
