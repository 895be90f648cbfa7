//! The folders in which repositories are built: private, and gone when nobody works in them.

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
fn a_room_is_private_and_named_for_its_run_and_goes_away_by_itself() {
    let sandbox = Sandbox::new();
    let worker = WorkerId::new("host", 1, 1);
    let workshop = Workspace::open(sandbox.path(), &worker).unwrap();
    let room = workshop
        .room(&Lease {
            job: JobId::parse("job1").unwrap(),
            run: RunId::parse("run1").unwrap(),
            worker,
            generation: 7,
        })
        .unwrap();
    let path = room.path().to_owned();
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
    drop(room);
    assert!(!path.exists());
    drop(workshop);
    assert_eq!(names(&sandbox), Vec::<String>::new());
}

#[test]
fn what_a_dead_worker_left_is_removed_and_what_a_living_one_has_is_not() {
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
fn what_is_no_workshop_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox
        .write("runs/notes.txt", "mine")
        .write("runs/other/file", "mine");
    drop(Workspace::open(sandbox.path(), &WorkerId::new("host", 1, 1)).unwrap());
    assert_eq!(sandbox.files(), ["runs/notes.txt", "runs/other/file"]);
}
