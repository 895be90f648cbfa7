//! Checks of this machine: git, folders on a lasting disk with free space, the policy, the key.

use super::check::Check;
use crate::base::disk_space::{self, DiskSpace};
use crate::cli::args::git;
use crate::cli::args::key;
use crate::git::AllowedHosts;
use crate::model::preflight::ForgeKind;
use crate::pat::key::Key;
use crate::policy::Policy;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const MIB: u64 = 1024 * 1024;
/// Free space below this fails the check: the size limit of a template, in bytes.
const LEAST_ROOM: u64 = 100 * MIB;
/// Free space below this is a warning, in bytes: the largest fetch and what grows beside it.
const GOOD_ROOM: u64 = 1024 * MIB;
/// The used part of a disk, in percent, from which it needs attention.
const FULL: u64 = 80;
/// File systems that vanish with the machine or container, by their `statfs` number on Linux (statfs(2)).
const PASSING: [(u64, &str); 3] = [
    (0x0102_1994, "in memory (tmpfs)"),
    (0x8584_58f6, "in memory (ramfs)"),
    (0x794c_7630, "in a container's layer (overlay)"),
];

pub(super) fn git() -> Check {
    let program = git::git(false, AllowedHosts::All, Duration::from_secs(10));
    match program.version(&AtomicBool::new(false)) {
        Ok(version) => Check::ok("git", version),
        Err(error) => Check::fail(
            "git",
            error.to_string(),
            "install git, and add its folder to PATH",
        ),
    }
}

/// Checks that a folder exists or can be created, on a lasting disk with free space.
pub(super) fn folder(name: &'static str, folder: &Path) -> Check {
    let shown = folder.display();
    let there = disk_space::nearest_existing(folder);
    if let Err(error) = tempfile::tempfile_in(there) {
        return Check::fail(
            name,
            format!("cannot write in `{}`: {error}", there.display()),
            "let this user write there, or name another folder",
        );
    }
    let is_new = if there == folder {
        ""
    } else {
        "; created at its first use"
    };
    let Ok((kind, room)) = disk(there) else {
        return Check::warn(
            name,
            format!("the file system of `{shown}` does not report its free space"),
            "make sure that it is a disk",
        );
    };
    match (room, kind) {
        (room, _) if room < LEAST_ROOM => Check::fail(
            name,
            format!("`{shown}` has {} MiB of free space", room / MIB),
            "free some space: a run may need as much as its template",
        ),
        (_, Some(kind)) => Check::warn(
            name,
            format!("`{shown}` is {kind} and does not outlast it{is_new}"),
            "use a disk, such as a mounted volume",
        ),
        (room, None) if room < GOOD_ROOM => Check::warn(
            name,
            format!("`{shown}` has {} MiB of free space{is_new}", room / MIB),
            "free some space before it is needed",
        ),
        (room, None) => Check::ok(
            name,
            format!("`{shown}`, {} GiB of free space{is_new}", room / GOOD_ROOM),
        ),
    }
}

/// The use of the disk of the state folder by cause. Above 80 % it needs attention.
pub(super) fn disk_use(cache: &Path, state: &Path, logs: &Path) -> Check {
    const NAME: &str = "disk use";
    let used = disk_space::used_below;
    let inside = if logs.starts_with(state) {
        used(logs)
    } else {
        0
    };
    let causes = [
        (
            "cache",
            used(cache),
            "remove unused templates with `groundplan mirror prune`",
        ),
        (
            "logs",
            used(logs),
            "remove logs of ended runs with `groundplan prune`",
        ),
        (
            "work folders",
            used(state).saturating_sub(inside),
            "remove remains of ended runs with `groundplan prune`",
        ),
    ];
    let Ok(space) = DiskSpace::of(disk_space::nearest_existing(state)) else {
        return Check::skip(NAME, "the file system does not report its space");
    };
    let list: Vec<String> = causes
        .iter()
        .map(|(name, bytes, _)| format!("{name} {} MiB", bytes / MIB))
        .collect();
    let percent = space.used_percent();
    let message = format!("{percent} % of the disk; {}", list.join(", "));
    if percent < FULL {
        return Check::ok(NAME, message);
    }
    let largest = causes.iter().max_by_key(|(_, bytes, _)| *bytes);
    Check::warn(
        NAME,
        message,
        largest.map_or("free some space", |(_, bytes, hint)| {
            if *bytes < space.total() / 20 {
                "free some space: other programs use most of it"
            } else {
                hint
            }
        }),
    )
}

/// The kind of a file system that does not last, if it is one, and its free space in bytes.
fn disk(folder: &Path) -> io::Result<(Option<&'static str>, u64)> {
    let found = u64::try_from(rustix::fs::statfs(folder)?.f_type);
    let kind = PASSING.iter().find(|(number, _)| found == Ok(*number));
    let space = DiskSpace::of(folder)?;
    Ok((kind.map(|(_, words)| *words), space.free))
}

pub(super) fn policy(policy: &Policy) -> Check {
    if *policy == Policy::default() {
        return Check::skip(
            "policy",
            "GROUNDPLAN_POLICY is not set: the tier comes from the plan's risk; approvals are disabled",
        );
    }
    if policy.has_administrators() {
        return Check::ok("policy", "readable, with administrators");
    }
    Check::warn(
        "policy",
        "no administrators: runs of tier high wait forever",
        "add user ids to `[approval] administrators`",
    )
}

/// Checks the key that seals users' tokens. A local forge has no tokens.
pub(super) fn key(forge: Option<ForgeKind>) -> Check {
    let keys = key::read_key(Key::VARIABLE)
        .and_then(|key| Ok((key, key::read_key(Key::PREVIOUS_VARIABLE)?)));
    let needs_one = forge.is_some_and(ForgeKind::has_tokens);
    match keys {
        Err(failure) => Check::of("key", failure),
        Ok((None, Some(_))) => Check::fail(
            "key",
            format!(
                "{} is set, and {} is not",
                Key::PREVIOUS_VARIABLE,
                Key::VARIABLE
            ),
            "the previous key only opens tokens that it sealed: set the current key as well",
        ),
        Ok((None, None)) if needs_one => Check::of("key", key::no_key()),
        Ok((None, None)) => Check::skip(
            "key",
            format!("{} is not set and not needed", Key::VARIABLE),
        ),
        Ok((Some(key), Some(previous))) if key.is(&previous) => Check::warn(
            "key",
            format!(
                "{} and {} are the same",
                Key::VARIABLE,
                Key::PREVIOUS_VARIABLE
            ),
            "unset the second one, which is for the previous key",
        ),
        Ok((Some(_), Some(_))) => Check::ok("key", "usable, together with the previous key"),
        Ok((Some(_), None)) => Check::ok("key", "usable"),
    }
}
