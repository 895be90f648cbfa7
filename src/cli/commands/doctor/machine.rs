//! What this machine has: git, folders on a real disk with room, the operator's policy, the key.

use super::check::Check;
use crate::cli::args::git;
use crate::cli::args::key;
use crate::model::preflight::ForgeKind;
use crate::pat::key::Key;
use crate::policy::Policy;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const MIB: u64 = 1024 * 1024;
/// As much as one template may have.
const LEAST_ROOM: u64 = 100 * MIB;
/// Room for the largest fetch and for what grows beside it.
const GOOD_ROOM: u64 = 1024 * MIB;
/// Kinds of file systems that are gone with the machine or the container, by the number that Linux gives them.
const PASSING: [(u64, &str); 3] = [
    (0x0102_1994, "in memory (tmpfs)"),
    (0x8584_58f6, "in memory (ramfs)"),
    (0x794c_7630, "in a container's own layer (overlay)"),
];

pub(super) fn git() -> Check {
    let git = git::git(false, Duration::from_secs(10));
    match git.version(&AtomicBool::new(false)) {
        Ok(version) => Check::ok("git", version),
        Err(error) => Check::fail(
            "git",
            error.to_string(),
            "install git, and put its folder into PATH",
        ),
    }
}

/// A folder that is there, or can be made, on a disk that stays, with room.
pub(super) fn folder(name: &'static str, folder: &Path) -> Check {
    let shown = folder.display();
    let there = folder.ancestors().find(|path| path.exists());
    let there = there.unwrap_or(Path::new("/"));
    if let Err(error) = tempfile::tempfile_in(there) {
        return Check::fail(
            name,
            format!("nothing can be written in `{}`: {error}", there.display()),
            "give the program's user a folder of its own, or name another one",
        );
    }
    let is_new = if there == folder {
        ""
    } else {
        "; it is made at its first use"
    };
    let Ok((kind, room)) = disk(there) else {
        return Check::warn(
            name,
            format!("what holds `{shown}` does not say how much room it has"),
            "make sure that it is a real disk",
        );
    };
    match (room, kind) {
        (room, _) if room < LEAST_ROOM => Check::fail(
            name,
            format!("`{shown}` has {} MiB of room", room / MIB),
            "make room: a run may need as much as its template has",
        ),
        (_, Some(kind)) => Check::warn(
            name,
            format!("`{shown}` is {kind}: what it holds is gone with that{is_new}"),
            "keep it on a real disk, as a mounted volume",
        ),
        (room, None) if room < GOOD_ROOM => Check::warn(
            name,
            format!("`{shown}` has {} MiB of room{is_new}", room / MIB),
            "make room before it is needed",
        ),
        (room, None) => Check::ok(
            name,
            format!("`{shown}`, {} GiB of room{is_new}", room / GOOD_ROOM),
        ),
    }
}

/// What kind of passing file system holds a folder, if it is one, and the bytes that are free there.
fn disk(folder: &Path) -> rustix::io::Result<(Option<&'static str>, u64)> {
    let kind = u64::try_from(rustix::fs::statfs(folder)?.f_type).unwrap_or_default();
    let kind = PASSING.iter().find(|(number, _)| *number == kind);
    let space = rustix::fs::statvfs(folder)?;
    let room = space.f_bavail.saturating_mul(space.f_frsize);
    Ok((kind.map(|(_, words)| *words), room))
}

pub(super) fn policy(policy: &Policy) -> Check {
    if *policy == Policy::default() {
        return Check::skip(
            "policy",
            "GROUNDPLAN_POLICY is not set: the result alone decides on the tier, and nobody may approve",
        );
    }
    if policy.has_administrators() {
        return Check::ok("policy", "readable, and somebody may approve");
    }
    Check::warn(
        "policy",
        "nobody may approve, so runs of the tier high wait for ever",
        "name user ids in `[approval] administrators`",
    )
}

/// The key that users' tokens are sealed with. A forge of folders has no tokens.
pub(super) fn key(forge: Option<ForgeKind>) -> Check {
    let keys = key::key(Key::VARIABLE).and_then(|key| Ok((key, key::key(Key::PREVIOUS_VARIABLE)?)));
    let needs_one = !matches!(forge, None | Some(ForgeKind::Local));
    match keys {
        Err(failure) => Check::of("key", failure),
        Ok((None, Some(_))) => Check::fail(
            "key",
            format!(
                "{} is set, and {} is not",
                Key::PREVIOUS_VARIABLE,
                Key::VARIABLE
            ),
            "the key before only opens what it sealed: set the present one as well",
        ),
        Ok((None, None)) if needs_one => Check::of("key", key::no_key()),
        Ok((None, None)) => Check::skip(
            "key",
            format!("{} is not set, and this needs none", Key::VARIABLE),
        ),
        Ok((Some(key), Some(previous))) if key.is(&previous) => Check::warn(
            "key",
            format!(
                "{} and {} are the same",
                Key::VARIABLE,
                Key::PREVIOUS_VARIABLE
            ),
            "unset the second; it is for the key that was changed",
        ),
        Ok((Some(_), Some(_))) => Check::ok("key", "usable, and the one before it still opens"),
        Ok((Some(_), None)) => Check::ok("key", "usable"),
    }
}
