//! `groundplan update --pull-request` that is killed, or overtaken by a person's push, at each of its requests.

use super::updates::{behind, on_forge, only_pull, propose, proposing, raise};
use super::{Joint, Moment, Rest};
use crate::forge::fake::{Dialect, Pull};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The state of the forge and of the clone before an update.
struct Start {
    pulls: Vec<Pull>,
    /// The folders and their copies.
    folders: Vec<(PathBuf, PathBuf)>,
}

impl Start {
    fn of(joint: &Joint) -> Self {
        let folders = [joint.published(), joint.sandbox.join("out")];
        let folders = folders.into_iter().enumerate().map(|(number, folder)| {
            let copy = joint.sandbox.join(&format!("copy-{number}"));
            copy_folder(&folder, &copy);
            (folder, copy)
        });
        Self {
            folders: folders.collect(),
            pulls: joint.state().pulls.clone(),
        }
    }

    fn restore(&self, joint: &Joint) {
        for (folder, copy) in &self.folders {
            fs::remove_dir_all(folder).expect("the folder is there");
            copy_folder(copy, folder);
        }
        joint.state().pulls.clone_from(&self.pulls);
    }
}

fn copy_folder(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(copied.expect("cp runs").success());
}

/// The forges with no pull request, and with one of an earlier update; each with its start.
fn situations() -> impl Iterator<Item = (String, Joint, Start)> {
    let dialects = [Dialect::GitHub, Dialect::Forgejo].into_iter();
    dialects.flat_map(|dialect| {
        [false, true].map(|is_open| {
            let joint = behind(dialect);
            if is_open {
                propose(&joint).exits(0);
                raise(&joint, "README.md", "# __PRODUCT_NAME__\n\nNewest.\n");
            }
            let start = Start::of(&joint);
            (format!("{dialect:?}, open: {is_open}"), joint, start)
        })
    })
}

/// The requests of an update without a fault, and the tree that it proposes.
fn smooth(joint: &Joint, start: &Start) -> (usize, String) {
    let before = joint.requests.count();
    propose(joint).exits(0);
    let requests = joint.requests.count() - before;
    let tree = on_forge(joint, &format!("{}^{{tree}}", only_pull(joint).head));
    start.restore(joint);
    (requests, tree)
}

#[test]
fn an_update_that_is_killed_at_any_request_is_completed_by_the_next() {
    let mut kills = 0;
    for (situation, joint, start) in situations() {
        let (requests, tree) = smooth(&joint, &start);
        for ahead in 0..requests {
            for moment in [Moment::Before, Moment::After] {
                let case = format!("{situation}, {moment:?} {ahead}");
                kill_at(&joint, ahead, moment);
                let report = propose(&joint).exits(0).json();
                let pull = only_pull(&joint);
                let proposed = on_forge(&joint, &format!("{}^{{tree}}", pull.head));
                assert_eq!(proposed, tree, "{case}");
                assert_eq!(report["treeId"], tree, "{case}");
                assert_eq!(report["pullRequest"]["hasGenerated"], true, "{case}");
                assert_eq!(pull.comments, Vec::<String>::new(), "{case}");
                let generated = on_forge(&joint, "refs/groundplan/generated^{tree}");
                assert_eq!(generated, tree, "{case}");
                // Nothing is left to do.
                let changes = joint.state().count("P");
                let again = propose(&joint).exits(0).json();
                assert_eq!(again["pullRequest"]["outcome"], "adopted", "{case}");
                assert_eq!(joint.state().count("P"), changes, "{case}");
                kills += 1;
                start.restore(&joint);
            }
        }
    }
    assert!(kills >= LEAST, "{kills} kills");
}

/// The least number of kills and of pushes: five requests to the API and four to git, before and after, in four situations.
const LEAST: usize = 72;

/// Kills the update at a request.
fn kill_at(joint: &Joint, ahead: usize, moment: Moment) {
    let (reached, is_reached) = mpsc::channel();
    let (killed, is_killed) = mpsc::channel();
    joint.requests.interrupt(ahead, moment, move || {
        reached.send(()).expect("the test waits");
        is_killed.recv().expect("the test answers");
        Rest::Ends
    });
    let mut command = proposing(joint);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let waited = is_reached.recv_timeout(Duration::from_mins(1));
    waited.expect("the request comes");
    child.kill().expect("the process runs");
    child.wait().expect("the process ends");
    killed.send(()).expect("the request waits");
}

#[test]
fn a_person_who_pushes_at_any_request_loses_nothing() {
    let mut pushes = 0;
    for (situation, joint, start) in situations() {
        let (requests, _) = smooth(&joint, &start);
        for ahead in 0..requests {
            for moment in [Moment::Before, Moment::After] {
                let case = format!("{situation}, {moment:?} {ahead}");
                let (pushed, is_pushed) = mpsc::channel();
                let published = joint.published();
                joint.requests.interrupt(ahead, moment, move || {
                    pushed.send(push(&published)).expect("the test waits");
                    Rest::Continues
                });
                propose(&joint);
                let (reference, mine) = is_pushed.recv().expect("the person pushed");
                assert_eq!(on_forge(&joint, &reference), mine, "{case}");
                // The next update finds one pull request, and keeps away from a branch that has another commit.
                let report = propose(&joint).exits(0).json();
                assert_eq!(on_forge(&joint, &reference), mine, "{case}");
                let is_update = reference != "refs/heads/main";
                let outcome = &report["pullRequest"]["outcome"];
                assert_eq!(is_update, outcome == "commented", "{case}: {report}");
                let pull = only_pull(&joint);
                assert_eq!(is_update, pull.comments.len() == 1, "{case}");
                pushes += 1;
                start.restore(&joint);
            }
        }
    }
    assert!(pushes >= LEAST, "{pushes} pushes");
}

/// Adds a commit to the branch of the update, or to `main` where there is none. Gives the reference and the commit.
fn push(published: &Path) -> (String, String) {
    let git = |args: &[&str]| -> String {
        let mut command = Command::new("git");
        let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
        let output = command
            .arg("--git-dir")
            .arg(published)
            .args(author)
            .args(args)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "git {args:?}: {output:?}");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    };
    let branches = git(&[
        "for-each-ref",
        "--format=%(refname)",
        "refs/heads/groundplan",
    ]);
    let reference = branches.lines().next().unwrap_or("refs/heads/main");
    let tree = git(&["rev-parse", &format!("{reference}^{{tree}}")]);
    let mine = git(&["commit-tree", &tree, "-p", reference, "-m", "Mine"]);
    git(&["update-ref", reference, &mine]);
    (reference.to_owned(), mine)
}
