//! Networks that fail, servers that lie, processes that die: what the cache holds stays right.

use super::{Fault, HOUR, Origin, command, settings};
use groundplan::git::mirror::{Freshness, MirrorError};
use groundplan::git::{Git, GitAccess, GitError, GitFailure, GitSettings};
use groundplan::model::ref_name::RefName;
use std::fs;
use std::process::{Child, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[test]
fn each_answer_of_a_server_is_told_apart() {
    let origin = Origin::new();
    for (fault, why, code) in [
        (Fault::Status(401), GitFailure::AccessRefused, 1),
        (Fault::Status(403), GitFailure::AccessRefused, 1),
        (Fault::Status(404), GitFailure::RepositoryNotFound, 1),
        (Fault::Status(429), GitFailure::Network, 3),
        (Fault::Status(500), GitFailure::Network, 3),
        (Fault::Status(502), GitFailure::Network, 3),
        (
            Fault::Redirect("http://127.0.0.1:1".to_owned()),
            GitFailure::Redirected,
            1,
        ),
        (Fault::Cut(20), GitFailure::Network, 3),
    ] {
        origin.server.fails("info/refs", fault.clone());
        let Err(MirrorError::Git { error, .. }) = origin.pin("main", HOUR) else {
            panic!("{fault:?} was taken for an answer");
        };
        assert_eq!(error.failure(), Some(why), "{fault:?}: {error}");
        assert_eq!(error.is_worth_retrying(), code == 3, "{fault:?}");
        let ran = origin.mirror(&["add", &origin.url()]).exits(1);
        assert!(ran.stderr.contains("\nhint: "), "{}", ran.stderr);
        origin.server.heals();
    }
    let missing = origin.pin("v9", HOUR);
    assert!(
        matches!(&missing, Err(MirrorError::Git { error, .. }) if error.failure() == Some(GitFailure::RefNotFound)),
        "{missing:?}"
    );
    origin.pin("main", HOUR).unwrap();
}

#[test]
fn nobody_follows_a_redirect_to_another_machine() {
    let (origin, other) = (Origin::new(), Origin::new());
    origin.server.fails(
        "acme",
        Fault::Redirect(other.server.url("").trim_end_matches('/').to_owned()),
    );
    origin.mirror(&["add", &origin.url()]).exits(1);
    assert_eq!(other.server.requests(), Vec::<String>::new());
}

#[test]
fn a_pack_that_is_cut_leaves_the_older_answer_for_offline() {
    let origin = Origin::new();
    let first = origin.pin("main", HOUR).unwrap().commit;
    origin.commit("acme/web", "second");
    for bytes in [0, 10, 100, 200] {
        origin.server.fails("/git-upload-pack", Fault::Cut(bytes));
        let result = origin.pin("main", Freshness::Now);
        let Err(MirrorError::Git { error, older }) = result else {
            panic!("{bytes}: {result:?}");
        };
        assert_eq!(
            (error.failure(), older),
            (Some(GitFailure::Network), Some(first.clone())),
            "{bytes}: {error}"
        );
        assert_eq!(
            origin.pin("main", Freshness::Offline).unwrap().commit,
            first
        );
        let ran = origin
            .mirror(&["add", &origin.url(), "--ref", "main"])
            .exits(1);
        assert!(ran.stderr.contains("`--offline`"), "{}", ran.stderr);
        origin.server.heals();
    }
    assert_ne!(origin.pin("main", Freshness::Now).unwrap().commit, first);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let origin = Origin::new();
    origin.server.fails("acme", Fault::Stall);
    let ran = origin
        .mirror(&["add", &origin.url(), "--git-timeout", "1"])
        .exits(1);
    assert!(
        ran.stderr.contains("did not answer within 1 seconds"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("--git-timeout"), "{}", ran.stderr);
}

#[test]
fn a_server_that_never_ends_is_cut_off() {
    let origin = Origin::new();
    origin.server.fails("/git-upload-pack", Fault::Endless);
    let git = Git::new(GitSettings {
        max_bytes: 1024 * 1024,
        ..settings()
    });
    let stop = AtomicBool::new(false);
    let access = GitAccess {
        git: &git,
        credential: None,
        stop: &stop,
    };
    let result = origin
        .mirrors()
        .pin(&access, &origin.remote(), &RefName::head(), HOUR);
    assert!(
        matches!(
            &result,
            Err(MirrorError::Git {
                error: GitError::TooLarge { .. } | GitError::Failed { .. },
                ..
            })
        ),
        "{result:?}"
    );
    assert_eq!(
        origin
            .cached_files()
            .iter()
            .filter(|file| file.contains("pack"))
            .count(),
        0
    );
}

#[test]
fn a_stop_ends_a_fetch_at_once() {
    let origin = Origin::new();
    origin.server.fails("acme", Fault::Stall);
    let child = start(&origin, &["add", &origin.url()]);
    origin.server.wait_for("info/refs");
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
}

#[test]
fn several_that_want_one_repository_at_once_fetch_it_once() {
    let origin = Origin::new();
    let stop = AtomicBool::new(false);
    let git = Git::new(settings());
    let access = GitAccess {
        git: &git,
        credential: None,
        stop: &stop,
    };
    let pin = || {
        origin
            .mirrors()
            .pin(&access, &origin.remote(), &RefName::head(), HOUR)
    };
    std::thread::scope(|scope| {
        let all = [0; 4].map(|_| scope.spawn(pin));
        let found = all.map(|one| one.join().unwrap().unwrap());
        assert!(found.iter().all(|one| *one == found[0]), "{found:?}");
    });
    assert_eq!(origin.server.fetches(), 1);
}

#[test]
fn two_programs_at_once_leave_one_whole_repository() {
    let origin = Origin::new();
    let children = [0, 1].map(|_| start(&origin, &["add", &origin.url()]));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    assert!((1..=2).contains(&origin.server.fetches()));
    assert_eq!(
        origin.mirror(&["list", "--format", "json"]).json()["mirrors"][0]["state"],
        "whole"
    );
}

#[test]
fn a_process_that_was_killed_in_the_middle_leaves_a_cache_that_mends_itself() {
    let origin = Origin::new();
    origin.pin("main", HOUR).unwrap();
    let second = origin.commit("acme/web", "second");
    origin.server.fails("/git-upload-pack", Fault::Stall);
    let mut child = start(&origin, &["add", &origin.url(), "--ref", "main"]);
    origin.server.wait_for("POST /acme/web.git/git-upload-pack");
    child.kill().unwrap();
    child.wait().unwrap();
    // What such a process leaves when it dies at other moments.
    let git_dir = origin.git_dir();
    for left in [
        "shallow.lock",
        "config.lock",
        "objects/pack/tmp_pack_AbCdEf",
    ] {
        fs::write(git_dir.join(left), "half").unwrap();
    }
    origin.server.heals();
    origin.server.release();
    assert_eq!(origin.pin("main", Freshness::Now).unwrap().commit, second);
    let left: Vec<String> = origin.cached_files();
    assert!(
        !left
            .iter()
            .any(|file| file.contains("tmp_") || file.ends_with(".git/shallow.lock")),
        "{left:?}"
    );
}

#[test]
fn damage_in_the_cache_is_mended_by_fetching_anew() {
    type Damage = fn(&Origin);
    let damages: [(&str, Damage); 5] = [
        ("zeros in the pack", |origin| {
            for entry in fs::read_dir(origin.git_dir().join("objects/pack")).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|end| end == "pack") {
                    let zeros = vec![0; usize::try_from(path.metadata().unwrap().len()).unwrap()];
                    fs::remove_file(&path).unwrap();
                    fs::write(&path, zeros).unwrap();
                }
            }
        }),
        ("no HEAD", |origin| {
            fs::remove_file(origin.git_dir().join("HEAD")).unwrap();
        }),
        ("no objects", |origin| {
            fs::remove_dir_all(origin.git_dir().join("objects")).unwrap();
        }),
        ("a file for the repository", |origin| {
            let git_dir = origin.git_dir();
            fs::remove_dir_all(&git_dir).unwrap();
            fs::write(&git_dir, "not a folder").unwrap();
        }),
        ("a record of nonsense", |origin| {
            fs::write(origin.git_dir().with_extension("json"), "{nonsense").unwrap();
        }),
    ];
    for (name, damage) in damages {
        let origin = Origin::new();
        let pinned = origin.pin("main", HOUR).unwrap();
        damage(&origin);
        assert_eq!(
            origin
                .pin("main", HOUR)
                .unwrap_or_else(|error| panic!("{name}: {error}")),
            pinned,
            "{name}"
        );
        origin
            .pin("main", Freshness::Offline)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn damage_is_told_when_nobody_may_be_asked() {
    let origin = Origin::new();
    let absent = origin.pin("main", Freshness::Offline);
    assert!(
        matches!(absent, Err(MirrorError::NotCached { .. })),
        "{absent:?}"
    );
    origin.pin("main", HOUR).unwrap();
    fs::remove_file(origin.git_dir().join("HEAD")).unwrap();
    let broken = origin.pin("main", Freshness::Offline);
    assert!(
        matches!(broken, Err(MirrorError::Broken { .. })),
        "{broken:?}"
    );
    let listed = origin.mirror(&["list", "--format", "json"]).exits(0).json();
    assert_eq!(listed["mirrors"][0]["state"], "broken");
}

#[test]
fn damage_that_only_its_reader_meets_is_mended_on_request() {
    let origin = Origin::new();
    let pinned = origin.pin("main", HOUR).unwrap();
    fs::write(pinned.git_dir.join("damage"), "").unwrap();
    let renewed = origin.with_access(|mirrors, access| {
        mirrors.renew(access, &origin.remote(), &RefName::parse("main").unwrap())
    });
    assert_eq!(renewed.unwrap(), pinned);
    assert!(!pinned.git_dir.join("damage").exists());
}

#[test]
fn a_cache_that_cannot_be_written_serves_what_it_holds() {
    let origin = Origin::new();
    origin.pin("main", HOUR).unwrap();
    // Permissions do not bind every user; a lock that is a folder binds them all.
    let lock = origin.git_dir().with_extension("lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    origin.pin("main", HOUR).unwrap();
    let result = origin.pin("main", Freshness::Now);
    assert!(
        matches!(result, Err(MirrorError::Io { action: "lock", .. })),
        "{result:?}"
    );
    origin.sandbox.write("file", "");
    let ran = origin
        .mirror(&["add", &origin.url(), "--cache-dir", "file/below"])
        .exits(1);
    assert!(ran.stderr.contains("cannot create"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--cache-dir"), "{}", ran.stderr);
    origin
        .mirror(&["list", "--cache-dir", "file/below"])
        .exits(0);
}

fn start(origin: &Origin, args: &[&str]) -> Child {
    let mut command = command(args);
    origin
        .sandbox
        .settle(&mut command)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn an_answer_from_the_future_is_asked_for_again() {
    let origin = Origin::new();
    origin.pin("main", HOUR).unwrap();
    let record = origin.git_dir().with_extension("json");
    let text = fs::read_to_string(&record).unwrap();
    let asked = text
        .split("\"main\":")
        .nth(1)
        .unwrap()
        .trim_end_matches('}')
        .to_owned();
    fs::write(&record, text.replace(&asked, "18000000000000000000")).unwrap();
    origin
        .pin("main", Freshness::AtMost(Duration::from_mins(10)))
        .unwrap();
    assert_eq!(origin.server.fetches(), 2);
}
