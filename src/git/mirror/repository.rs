//! The bare repository of one mirror: lookup, and removal of leftovers.

use super::MirrorError;
use super::error::Unreadable;
use crate::base::atomic_file;
use crate::model::digest::{Digest, GitId};
use crate::model::ref_name::RefName;
use gix::objs::Kind;
use std::fs;
use std::path::Path;

/// The name of a reference in a mirror: a digest, because `v1` and `v1/x` cannot both be files.
pub(super) fn ref_of(reference: &RefName) -> String {
    let digest = Digest::of(reference.as_str().as_bytes());
    format!("refs/groundplan/{}", &digest.as_str()[..16])
}

/// True if the repository exists.
pub(super) fn exists(git_dir: &Path) -> bool {
    git_dir
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
}

/// The commit of a reference in the mirror, if the commit and its top tree can be read.
pub(super) fn lookup(git_dir: &Path, reference: &RefName) -> Result<Option<GitId>, Unreadable> {
    if git_dir.symlink_metadata().is_err() {
        return Ok(None);
    }
    if !exists(git_dir) {
        return Err(Unreadable::of("it is not a folder"));
    }
    let repository = gix::open::Options::isolated()
        .open_path_as_is(true)
        .open(git_dir)
        .map_err(Unreadable::of)?
        .to_thread_local();
    let Some(id) = object_id(&repository, reference)? else {
        return Ok(None);
    };
    let object = repository
        .find_object(id)
        .map_err(Unreadable::of)?
        .peel_tags_to_end()
        .map_err(Unreadable::of)?;
    if object.kind != Kind::Commit {
        return Ok(None);
    }
    let commit = object.try_into_commit().map_err(Unreadable::of)?;
    commit.tree().map_err(Unreadable::of)?;
    Ok(Some(GitId::of(&commit.id)))
}

fn object_id(
    repository: &gix::Repository,
    reference: &RefName,
) -> Result<Option<gix::ObjectId>, Unreadable> {
    if reference.is_commit() {
        let id = gix::ObjectId::from_hex(reference.as_str().as_bytes()).map_err(Unreadable::of)?;
        return Ok(Some(id).filter(|id| repository.has_object(*id)));
    }
    let found = repository
        .try_find_reference(&*ref_of(reference))
        .map_err(Unreadable::of)?;
    Ok(found.and_then(|found| found.try_id().map(gix::Id::detach)))
}

/// Removes the leftovers of a process that died during a fetch: locks and half a pack.
pub(super) fn clear_leftovers(git_dir: &Path) -> Result<(), MirrorError> {
    let is_lock = |name: &str| name.strip_suffix(".lock").is_some();
    let is_half = |name: &str| name.starts_with("tmp_") || name.starts_with(".tmp-");
    clear(git_dir, is_lock)?;
    clear(&git_dir.join("refs/groundplan"), is_lock)?;
    clear(&git_dir.join("objects"), is_half)?;
    clear(&git_dir.join("objects/pack"), is_half)
}

fn clear(folder: &Path, is_leftover: impl Fn(&str) -> bool) -> Result<(), MirrorError> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(&is_leftover) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file, a link or a whole folder; nothing happens when there is none. No link is followed.
pub(super) fn remove(path: &Path) -> Result<(), MirrorError> {
    atomic_file::remove_in_place(path).map_err(MirrorError::io("remove", path))
}
