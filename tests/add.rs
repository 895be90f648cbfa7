//! `groundplan add`: what a repository misses comes in one commit, what is there stays, and half of it is never left.

use crate::support::{PRODUCT, Ran, Sandbox};
use groundplan::model::content::File;
use groundplan::model::date::Day;
use groundplan::model::digest::GitId;
use groundplan::model::input::Identity;
use groundplan::model::path::TreePath;
use groundplan::tree::worktree::{NewFiles, WorkTree, WorkTreeError};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;

/// A repository `old` with a README and a test of its own, and the demo catalogue beside it.
fn with_old() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write("old/README.md", "# Ours\n");
    sandbox.write("old/tests/ours.ts", "ours\n");
    sandbox.commit("old");
    sandbox
}

const ADD: [&str; 6] = ["add", "--catalog", ".", "--defaults", "--into", "old"];

fn add(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.groundplan(ADD.iter().chain(&PRODUCT).chain(more))
}

#[track_caller]
fn status(sandbox: &Sandbox) -> String {
    sandbox.git("old", &["status", "--porcelain", "--untracked-files=all"])
}

#[track_caller]
fn head_files(sandbox: &Sandbox) -> String {
    sandbox.git("old", &["ls-tree", "-r", "--name-only", "HEAD"])
}

/// Asserts that nothing came, and that the failure says this.
#[track_caller]
fn refuses(sandbox: &Sandbox, code: i32, said: &str) {
    let before = (head_files(sandbox), status(sandbox));
    let ran = add(sandbox, &["--yes"]).exits(code);
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!((head_files(sandbox), status(sandbox)), before);
}

const ALL: &str = "README.md\napp/[id]/page.tsx\nlib/session.ts\npackage.json\ntests/ours.ts\n";

#[test]
fn a_repository_gets_what_it_misses_in_one_commit() {
    let sandbox = with_old();
    let before = sandbox.git_id("old", "HEAD");
    let ran = add(&sandbox, &["--yes"]).exits(0);
    assert!(
        ran.stdout.contains("= README.md          kept"),
        "{}",
        ran.stdout
    );
    assert_eq!(sandbox.read("old/README.md"), "# Ours\n");
    assert_eq!(
        sandbox.read("old/lib/session.ts"),
        "export const cookie = \"acme-web\";\n"
    );
    assert_eq!(head_files(&sandbox), ALL);
    assert_eq!(status(&sandbox), "");
    assert_eq!(sandbox.git_id("old", "HEAD~1"), before);
    sandbox.git("old", &["fsck", "--strict"]);

    let body = sandbox.git("old", &["log", "-1", "--format=%B"]);
    assert!(
        body.starts_with("Add missing files from demo\n\n"),
        "{body}"
    );
    let format = "--format=%(trailers:key=Recipe-Hash)%(trailers:key=Catalog-Version)%(trailers:key=Template)";
    let trailers = sandbox.git("old", &["log", "-1", format]);
    assert_eq!(trailers.trim().lines().count(), 3, "{trailers}");
    assert_eq!(
        sandbox
            .git("old", &["reflog", "-1", "--format=%gs"])
            .trim_end(),
        "commit: Add missing files from demo"
    );
}

#[test]
fn a_second_run_says_already_present_and_commits_nothing() {
    let sandbox = with_old();
    add(&sandbox, &["--yes"]).exits(0);
    let made = sandbox.git_id("old", "HEAD");
    let ran = add(&sandbox, &["--yes", "--date", "2027-01-01"][..1]).exits(0);
    assert!(ran.stdout.contains("up to date: old"), "{}", ran.stdout);
    let json = add(&sandbox, &["--format", "json"]).exits(0).json();
    assert_eq!(json["outcome"], "already-present");
    assert_eq!(json["commitId"], made.as_str());
    assert_eq!(sandbox.git_id("old", "HEAD"), made);
}

#[test]
fn nothing_is_written_until_somebody_says_so_and_then_it_is_what_was_shown() {
    let sandbox = with_old();
    let before = sandbox.git_id("old", "HEAD");
    let shown = add(&sandbox, &["--format", "json"]).exits(0).json();
    assert_eq!(shown["outcome"], "shown");
    let ran = add(&sandbox, &[]).exits(0);
    assert!(
        ran.stdout.contains("Nothing was written."),
        "{}",
        ran.stdout
    );
    assert_eq!(sandbox.git_id("old", "HEAD"), before);
    assert_eq!(status(&sandbox), "");

    let (_, command) = ran.stdout.split_once("Add exactly this with:\n").unwrap();
    let program = format!(
        "groundplan() {{ {} \"$@\"; }}; {command}",
        env!("CARGO_BIN_EXE_groundplan")
    );
    sandbox
        .run(Command::new("sh").args(["-c", &program]))
        .exits(0);
    let is = |name: &str| Value::from(sandbox.git_id("old", name).as_str());
    assert_eq!(shown["treeId"], is("HEAD^{tree}"));
    assert_eq!(shown["commitId"], is("HEAD"));
}

#[test]
fn another_result_than_the_expected_one_is_refused() {
    let sandbox = with_old();
    let tree = sandbox.git_id("old", "HEAD^{tree}");
    let ran = add(&sandbox, &["--expect", tree.as_str()]).exits(1);
    assert!(ran.stderr.contains("nothing was written"), "{}", ran.stderr);
    assert_eq!(sandbox.git_id("old", "HEAD^{tree}"), tree);
}

#[test]
fn what_somebody_is_working_on_stays_as_it_is() {
    let sandbox = with_old();
    sandbox
        .write("old/gone.md", "x\n")
        .write("old/kept.md", "x\n");
    sandbox.commit("old");
    sandbox.git("old", &["rm", "-q", "gone.md"]);
    sandbox.write("old/staged.md", "staged\n");
    sandbox.git("old", &["add", "staged.md"]);
    sandbox
        .write("old/kept.md", "changed\n")
        .write("old/untracked.md", "x\n")
        .write("old/.git/info/exclude", "*.log\n/lib\n")
        .write("old/a.log", "ignored\n");
    let before = status(&sandbox);
    assert_eq!(
        before,
        "D  gone.md\n M kept.md\nA  staged.md\n?? untracked.md\n"
    );
    add(&sandbox, &["--yes"]).exits(0);
    assert_eq!(status(&sandbox), before);
    let diff = ["diff", "--name-status", "HEAD~1", "HEAD"];
    assert_eq!(
        sandbox.git("old", &diff),
        "A\tapp/[id]/page.tsx\nA\tlib/session.ts\nA\tpackage.json\n"
    );
}

#[test]
fn a_file_that_is_not_committed_is_neither_overwritten_nor_swept_in() {
    let sandbox = with_old();
    sandbox.write("old/lib/session.ts", "mine\n");
    refuses(
        &sandbox,
        1,
        "`lib/session.ts` already exists and is not committed",
    );
    sandbox.git("old", &["add", "lib/session.ts"]);
    refuses(
        &sandbox,
        1,
        "`lib/session.ts` is staged with different content",
    );
    assert_eq!(sandbox.read("old/lib/session.ts"), "mine\n");

    sandbox.commit("old");
    add(&sandbox, &["--yes"]).exits(0);
    assert_eq!(sandbox.read("old/lib/session.ts"), "mine\n");
}

#[test]
fn no_link_is_followed_and_no_name_taken_twice() {
    let sandbox = with_old();
    fs::create_dir(sandbox.join("outside")).unwrap();
    sandbox.symlink("../outside", "old/lib");
    refuses(&sandbox, 1, "`lib` is a symbolic link and is not committed");
    sandbox.commit("old");
    refuses(&sandbox, 1, "needs a folder, but `lib` is not a folder");
    fs::remove_file(sandbox.join("old/lib")).unwrap();
    sandbox.symlink("../outside/new", "old/package.json");
    sandbox.git("old", &["add", "-A"]);
    sandbox.git("old", &["reset", "-q"]);
    sandbox.git("old", &["rm", "-q", "--cached", "lib"]);
    refuses(&sandbox, 1, "`lib/session.ts` needs a folder");
    sandbox.commit("old");
    // A committed link is a file that is there.
    let ran = add(&sandbox, &["--yes"]).exits(0);
    assert!(ran.stdout.contains("= package.json"), "{}", ran.stdout);
    assert!(sandbox.join("old/package.json").is_symlink());
    assert_eq!(fs::read_dir(sandbox.join("outside")).unwrap().count(), 0);
}

#[test]
fn what_has_the_same_name_on_other_systems_is_in_the_way() {
    let sandbox = with_old();
    sandbox.write("old/Package.JSON", "{}\n");
    sandbox.write("old/LIB/x", "x\n");
    sandbox.write("old/app", "a file\n");
    sandbox.commit("old");
    let report = add(&sandbox, &["--yes", "--format", "json"])
        .exits(1)
        .json();
    let found: Vec<_> = report["collisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["code"].as_str(), finding["message"].as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (
                Some("GP402"),
                Some("`app/[id]/page.tsx` needs a folder, but `app` is not a folder")
            ),
            (
                Some("GP402"),
                Some("`lib/session.ts` and `LIB` are the same name on many file systems")
            ),
            (
                Some("GP402"),
                Some("`package.json` and `Package.JSON` are the same name on many file systems")
            ),
        ]
    );
    assert_eq!(report["canProceed"], false);
    assert_eq!(report["treeId"], Value::Null);
}

#[test]
fn folders_submodules_and_repositories_inside_are_in_the_way() {
    let sandbox = with_old();
    sandbox.write("old/package.json/x", "x\n");
    refuses(&sandbox, 1, "`package.json` is a folder");
    sandbox.commit("old");
    refuses(
        &sandbox,
        1,
        "`package.json` is a folder and cannot be a file",
    );
    sandbox.git("old", &["rm", "-rq", "package.json"]);
    let head = sandbox.git_id("old", "HEAD");
    let link = format!("160000,{head},lib");
    sandbox.git("old", &["update-index", "--add", "--cacheinfo", &link]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    sandbox.git("old", &[&author[..], &["commit", "-qm", "x"]].concat());
    refuses(&sandbox, 1, "needs a folder, but `lib` is not a folder");
    sandbox.git("old", &["rm", "-q", "--cached", "lib"]);
    sandbox.git("old", &[&author[..], &["commit", "-qm", "x"]].concat());
    sandbox.git(".", &["init", "-q", "old/lib"]);
    refuses(&sandbox, 1, "`lib` is a separate git repository");
}

#[test]
fn only_the_top_of_a_repository_on_a_branch_will_do() {
    let sandbox = with_old();
    let into = |folder: &str, said: &str| {
        let args = [
            "add",
            "--catalog",
            ".",
            "--defaults",
            "--yes",
            "--into",
            folder,
        ];
        let ran = sandbox.groundplan(args.iter().chain(&PRODUCT)).exits(1);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    };
    fs::create_dir(sandbox.join("plain")).unwrap();
    into("plain", "`plain` is not a git repository");
    into("absent", "`absent` is not a git repository");
    into("old/tests", "`old/tests` is not a git repository");
    into("old/.git", "`old/.git` is ");
    sandbox.git(".", &["clone", "-q", "--bare", "old", "bare.git"]);
    into("bare.git", "is a bare repository");
    sandbox.symlink("old", "link");
    into("link", "`link` is a symbolic link");

    sandbox.git("old", &["config", "core.worktree", "../../plain"]);
    into("old", "`old` is not the top folder of a git repository");
    assert_eq!(fs::read_dir(sandbox.join("plain")).unwrap().count(), 0);
    sandbox.git("old", &["config", "--unset", "core.worktree"]);

    sandbox.git("old", &["switch", "-q", "--detach"]);
    refuses(&sandbox, 1, "`old` is on no branch");
    sandbox.git("old", &["switch", "-q", "main"]);
    let head = sandbox.git_id("old", "HEAD");
    sandbox.write("old/.git/MERGE_HEAD", format!("{head}\n"));
    refuses(
        &sandbox,
        1,
        "`old` is in the middle of another operation: Merge",
    );
    fs::remove_file(sandbox.join("old/.git/MERGE_HEAD")).unwrap();
    sandbox.git("old", &["sparse-checkout", "set", "--sparse-index", "app"]);
    refuses(&sandbox, 1, "has a sparse index");
    sandbox.git("old", &["sparse-checkout", "init", "--no-sparse-index"]);
    add(&sandbox, &["--yes"]).exits(0);
    assert_eq!(head_files(&sandbox), ALL);
}

#[test]
fn another_git_at_work_is_told_of_and_left_alone() {
    let sandbox = with_old();
    sandbox.write("old/.git/index.lock", "");
    let before = head_files(&sandbox);
    let ran = add(&sandbox, &["--yes"]).exits(3);
    assert!(
        ran.stderr.contains("another git is running"),
        "{}",
        ran.stderr
    );
    assert!(sandbox.join("old/.git/index.lock").exists());
    assert_eq!(head_files(&sandbox), before);

    fs::remove_file(sandbox.join("old/.git/index.lock")).unwrap();
    sandbox.write("old/.git/refs/heads/main.lock", "");
    refuses(&sandbox, 3, "cannot lock the branch of `old`");
}

#[test]
fn hooks_and_filters_do_not_run() {
    let sandbox = with_old();
    for hook in [
        "pre-commit",
        "post-commit",
        "post-index-change",
        "reference-transaction",
    ] {
        let path = format!("old/.git/hooks/{hook}");
        sandbox.write(&path, "#!/bin/sh\ntouch ../ran ran\n");
        sandbox.make_executable(&path);
    }
    sandbox.git("old", &["config", "filter.x.clean", "touch ran"]);
    sandbox.git("old", &["config", "core.fsmonitor", "touch ran"]);
    sandbox.write("old/.git/info/attributes", "* filter=x\n");
    add(&sandbox, &["--yes"]).exits(0);
    assert!(!sandbox.join("ran").exists() && !sandbox.join("old/ran").exists());
}

#[test]
fn a_branch_without_a_commit_gets_its_first() {
    let sandbox = Sandbox::with_demo();
    sandbox.git(".", &["init", "-q", "-b", "trunk", "old"]);
    let ran = add(&sandbox, &["--yes"]).exits(0);
    assert!(
        ran.stdout.contains("one commit on `trunk`"),
        "{}",
        ran.stdout
    );
    assert_eq!(status(&sandbox), "");
    assert_eq!(sandbox.git("old", &["rev-list", "--count", "HEAD"]), "1\n");
}

#[test]
fn a_second_work_tree_of_a_repository_gets_the_files_on_its_own_branch() {
    let sandbox = with_old();
    sandbox.git("old", &["branch", "-m", "main", "elsewhere"]);
    fs::rename(sandbox.join("old"), sandbox.join("first")).unwrap();
    sandbox.git("first", &["worktree", "add", "-q", "-b", "topic", "../old"]);
    add(&sandbox, &["--yes"]).exits(0);
    assert_eq!(head_files(&sandbox), ALL);
    assert_eq!(status(&sandbox), "");
    assert_eq!(
        sandbox.git("first", &["rev-list", "--count", "elsewhere..topic"]),
        "1\n"
    );
}

#[test]
fn names_that_no_plan_could_give_do_not_stop_it() {
    use std::os::unix::ffi::OsStrExt as _;
    let sandbox = with_old();
    for name in [&b"\xff\xfe"[..], b"a\nb", b"con", b"-rf"] {
        let path = sandbox.join("old").join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, "x\n").unwrap();
    }
    sandbox.commit("old");
    add(&sandbox, &["--yes"]).exits(0);
    assert_eq!(status(&sandbox), "");
    let before = sandbox.git("old", &["ls-tree", "-r", "HEAD~1"]);
    let after = sandbox.git("old", &["diff", "--name-status", "HEAD~1", "HEAD"]);
    assert_eq!(before.lines().count(), 6);
    assert!(after.lines().all(|line| line.starts_with("A\t")), "{after}");
}

#[test]
fn no_commit_is_older_than_the_one_before_it() {
    let sandbox = with_old();
    let time = |name: &str| sandbox.git("old", &["log", "-1", "--format=%ct", name]);
    let before = time("HEAD");
    let args = ["--yes", "--date", "2020-01-01"];
    let product = &PRODUCT[..6];
    sandbox
        .groundplan(ADD.iter().chain(product).chain(&args))
        .exits(0);
    assert_eq!(time("HEAD"), before);
}

#[test]
fn what_came_between_the_preview_and_the_commit_is_noticed() {
    let file = File::regular("x\n");
    let files = [(TreePath::parse("a/new").unwrap(), file)];
    let (author, date) = (Identity::default(), Day::parse("2026-11-21").unwrap());
    let addition = NewFiles {
        files: &files,
        author: &author,
        date: &date,
        message: "x\n",
    };
    let never = AtomicBool::new(false);
    let meanwhile: [fn(&Sandbox); 4] = [
        |sandbox| {
            sandbox.commit("old");
        },
        |sandbox| {
            sandbox.git("old", &["switch", "-q", "-c", "other"]);
        },
        |sandbox| {
            sandbox.write("old/a/new", "mine\n");
        },
        |sandbox| {
            sandbox.symlink("..", "old/a");
        },
    ];
    for meanwhile in meanwhile {
        let sandbox = with_old();
        let repository = WorkTree::open(&sandbox.join("old")).unwrap();
        meanwhile(&sandbox);
        let before = (sandbox.git_id("old", "HEAD"), status(&sandbox));
        let ended = repository.commit(&addition, &never);
        assert!(
            matches!(ended, Err(WorkTreeError::Changed { .. })),
            "{ended:?}"
        );
        assert_eq!((sandbox.git_id("old", "HEAD"), status(&sandbox)), before);
    }

    let sandbox = with_old();
    let repository = WorkTree::open(&sandbox.join("old")).unwrap();
    let promised = repository.ids(&addition).unwrap();
    let ended = repository.commit(&addition, &AtomicBool::new(true));
    assert!(matches!(ended, Err(WorkTreeError::Stopped)), "{ended:?}");
    assert_eq!(status(&sandbox), "");
    assert_eq!(repository.commit(&addition, &never).unwrap(), promised);
    assert_eq!(sandbox.git_id("old", "HEAD"), GitId::of(&promised.commit));
}

/// The states that a process killed between two of its steps leaves: files and index, or files alone, or some of them.
#[test]
fn what_a_killed_run_left_is_finished_by_the_next() {
    let sandbox = with_old();
    add(&sandbox, &["--yes"]).exits(0);
    let whole = sandbox.git_id("old", "HEAD");
    for (left, gone) in [
        ("--soft", ""),
        ("--mixed", ""),
        ("--mixed", "lib/session.ts"),
    ] {
        sandbox.git("old", &["reset", "-q", left, "HEAD~1"]);
        if !gone.is_empty() {
            fs::remove_file(sandbox.join("old").join(gone)).unwrap();
        }
        add(&sandbox, &["--yes"]).exits(0);
        assert_eq!(sandbox.git_id("old", "HEAD"), whole, "{left} {gone}");
        assert_eq!(status(&sandbox), "");
    }
}

/// The demo catalogue with so many files that a signal meets the program while it writes them.
fn with_many() -> Sandbox {
    let sandbox = with_old();
    for number in 0..3_000 {
        sandbox.write(&format!("catalog/demo/template/many/{number}/f"), "x\n");
    }
    sandbox
}

/// Sends a signal when some of the files are there, and waits for the end.
fn signal_half_way(sandbox: &Sandbox, signal: &str) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.args(ADD).args(PRODUCT).arg("--yes");
    let command = sandbox.settle(&mut command);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = sandbox.join("old/many/0");
    while !started.exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    // The program may have ended by itself, which is no failure.
    let sent = Command::new("kill").args([signal, &id]).status();
    assert!(sent.is_ok());
    child.wait().unwrap();
}

#[track_caller]
fn leftovers(sandbox: &Sandbox) -> Vec<String> {
    crate::support::files_below(&sandbox.join("old"))
        .into_iter()
        .filter(|file| Path::new(file).starts_with("many"))
        .collect()
}

#[test]
fn a_stopped_run_takes_its_files_away_again() {
    let sandbox = with_many();
    let before = sandbox.git_id("old", "HEAD");
    signal_half_way(&sandbox, "-TERM");
    assert_eq!(status(&sandbox), "");
    assert!(!sandbox.join("old/.git/index.lock").exists());
    let is_whole = sandbox.git_id("old", "HEAD") != before;
    assert_eq!(leftovers(&sandbox).len(), if is_whole { 3_000 } else { 0 });
}

#[test]
fn a_killed_run_leaves_whole_files_and_the_next_one_ends_the_work() {
    let sandbox = with_many();
    signal_half_way(&sandbox, "-KILL");
    for file in leftovers(&sandbox) {
        let text = sandbox.read(&format!("old/{file}"));
        let is_beside = file.contains(".groundplan-");
        assert!(is_beside || text == "x\n", "{file}");
    }
    let lock = sandbox.join("old/.git/index.lock");
    if lock.exists() {
        refuses_lock(&sandbox);
        fs::remove_file(lock).unwrap();
    }
    add(&sandbox, &["--yes"]).exits(0);
    assert_eq!(head_files(&sandbox).matches("many/").count(), 3_000);
}

#[track_caller]
fn refuses_lock(sandbox: &Sandbox) {
    let ran = add(sandbox, &["--yes"]).exits(3);
    assert!(ran.stderr.contains("remove `index.lock`"), "{}", ran.stderr);
}

#[test]
fn a_repository_of_another_user_is_left_alone_unless_git_trusts_it() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("theirs/a", "a");
    sandbox.commit("theirs");
    let mut chown = Command::new("chown");
    if sandbox.run(chown.args(["-R", "12345", "theirs"])).code != 0 {
        // Only root may give files away.
        return;
    }
    let before = sandbox.files();
    let add = |config: &str| {
        sandbox.write("config", config);
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command
            .args([
                "add",
                "--into",
                "theirs",
                "--catalog",
                ".",
                "--defaults",
                "--yes",
            ])
            .args(crate::support::PRODUCT)
            .env("GIT_CONFIG_GLOBAL", sandbox.join("config"));
        sandbox.run(&mut command)
    };
    let refused = add("");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    let top = sandbox.join("theirs").canonicalize().unwrap();
    let listed = top.display();
    let way_on = format!("git config --global --add safe.directory {listed}");
    assert!(refused.stderr.contains(&way_on), "{}", refused.stderr);
    fs::remove_file(sandbox.join("config")).unwrap();
    assert_eq!(sandbox.files(), before);
    add(&format!("[safe]\n\tdirectory = {listed}\n")).exits(0);
}
