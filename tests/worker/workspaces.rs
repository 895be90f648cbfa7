//! The folders of builds: private, and removed when they are not used any more.

use crate::support::Sandbox;
use groundplan::store::id::{JobId, RunId};
use groundplan::store::lease::{Lease, WorkerId};
use groundplan::worker::workspace::Workspace;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn names(sandbox: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(sandbox.join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_folder_of_an_attempt_is_private_and_named_after_its_run_and_removed_when_dropped() {
    let sandbox = Sandbox::new();
    let worker = WorkerId::new("host", 1, 1);
    let workspace = Workspace::open(sandbox.path(), &worker).unwrap();
    let attempt = workspace
        .attempt_dir(&Lease {
            job: JobId::parse("job1").unwrap(),
            run: RunId::parse("run1").unwrap(),
            worker,
            generation: 7,
        })
        .unwrap();
    let path = attempt.path().to_owned();
    assert!(path.starts_with(sandbox.join("runs/host-1-1")));
    assert!(
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("run1-7-")
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o700
    );
    drop(attempt);
    assert!(!path.exists());
    drop(workspace);
    assert_eq!(names(&sandbox), Vec::<String>::new());
}

#[test]
fn the_folder_of_a_dead_worker_is_removed_and_that_of_a_living_one_is_kept() {
    let sandbox = Sandbox::new();
    // No process holds the lock of this one.
    sandbox
        .write("runs/dead-1-1/lock", "")
        .write("runs/dead-1-1/run1-1-x/repository.git/HEAD", "x");
    let first = Workspace::open(sandbox.path(), &WorkerId::new("first", 2, 2)).unwrap();
    assert_eq!(names(&sandbox), ["first-2-2"]);
    let second = Workspace::open(sandbox.path(), &WorkerId::new("second", 3, 3)).unwrap();
    assert_eq!(names(&sandbox), ["first-2-2", "second-3-3"]);
    drop((first, second));
    assert_eq!(names(&sandbox), Vec::<String>::new());
}

#[test]
fn a_folder_without_a_lock_is_not_touched() {
    let sandbox = Sandbox::new();
    sandbox
        .write("runs/notes.txt", "mine")
        .write("runs/other/file", "mine");
    drop(Workspace::open(sandbox.path(), &WorkerId::new("host", 1, 1)).unwrap());
    assert_eq!(sandbox.files(), ["runs/notes.txt", "runs/other/file"]);
}
