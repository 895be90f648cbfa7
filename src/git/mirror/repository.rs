//! The bare repository of one mirror: made, read and cleared.

use super::MirrorError;
use super::lock::Lock;
use super::place::MirrorPath;
use super::record::MirrorRecord;
use crate::git::{GitAccess, fetch};
use crate::model::digest::{Digest, GitId};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use gix::objs::Kind;
use std::fs;
use std::io;
use std::path::Path;
use thiserror::Error;

/// Why a mirror's repository could not be read.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct Unreadable(Box<dyn std::error::Error + Send + Sync>);

impl Unreadable {
    fn of(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// The name that a reference has in a mirror. A digest, because `v1` and `v1/x` cannot both be files.
pub(super) fn ref_of(reference: &RefName) -> String {
    let digest = Digest::of(reference.as_str().as_bytes());
    format!("refs/groundplan/{}", &digest.as_str()[..16])
}

pub(super) fn is_there(git_dir: &Path) -> bool {
    git_dir
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
}

/// The commit that a reference leads to here, when it and its topmost tree can be read.
pub(super) fn lookup(git_dir: &Path, reference: &RefName) -> Result<Option<GitId>, Unreadable> {
    if git_dir.symlink_metadata().is_err() {
        return Ok(None);
    }
    if !is_there(git_dir) {
        return Err(Unreadable::of("it is not a folder"));
    }
    let repository = gix::open::Options::isolated()
        .open_path_as_is(true)
        .open(git_dir)
        .map_err(Unreadable::of)?
        .to_thread_local();
    let id = if reference.is_commit() {
        let id = gix::ObjectId::from_hex(reference.as_str().as_bytes()).map_err(Unreadable::of)?;
        if !repository.has_object(id) {
            return Ok(None);
        }
        id
    } else {
        let found = repository
            .try_find_reference(&*ref_of(reference))
            .map_err(Unreadable::of)?;
        let Some(id) = found.and_then(|found| found.try_id().map(gix::Id::detach)) else {
            return Ok(None);
        };
        id
    };
    let object = repository.find_object(id).map_err(Unreadable::of)?;
    let object = object.peel_tags_to_end().map_err(Unreadable::of)?;
    if object.kind != Kind::Commit {
        return Ok(None);
    }
    let commit = object.try_into_commit().map_err(Unreadable::of)?;
    commit.tree().map_err(Unreadable::of)?;
    Ok(Some(GitId::of(&commit.id)))
}

/// Removes what a process that died in the middle of a fetch left: locks and half a pack.
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
#[expect(
    clippy::disallowed_methods,
    reason = "a mirror is a folder of ours, and can be fetched again"
)]
pub(super) fn remove(path: &Path) -> Result<(), MirrorError> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(MirrorError::io("remove", path)),
    }
}

impl MirrorPath {
    /// Fetches into a repository made anew, which takes the place of the old one only when it is whole.
    pub(super) fn fetch_anew(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        lock: &Lock,
    ) -> Result<GitId, MirrorError> {
        let (new, git_dir) = (self.new_git_dir(), self.git_dir());
        remove(&new)?;
        let fetched = make(&new).and_then(|()| {
            fetch::shallow(
                access,
                url,
                reference,
                &new,
                &ref_of(reference),
                lock.file(),
            )
            .map_err(|error| MirrorError::Git { error, older: None })
        });
        let found = fetched.and_then(|()| match lookup(&new, reference) {
            Ok(Some(commit)) => Ok(commit),
            Ok(None) => Err(MirrorError::NotACommit {
                url: url.clone(),
                reference: reference.clone(),
            }),
            Err(source) => Err(MirrorError::Broken {
                path: new.clone(),
                source,
            }),
        });
        let commit = match found {
            Ok(commit) => commit,
            Err(error) => {
                remove(&new)?;
                return Err(error);
            }
        };
        if is_there(&git_dir) {
            let mut record = MirrorRecord::read(self);
            record.forget_answers();
            record.write(self, lock)?;
        }
        remove(&git_dir)?;
        fs::rename(&new, &git_dir).map_err(MirrorError::io("put in place", &git_dir))?;
        Ok(commit)
    }
}

fn make(folder: &Path) -> Result<(), MirrorError> {
    let options = gix::create::Options {
        object_hash: Some(gix::hash::Kind::Sha1),
        ..Default::default()
    };
    let made = gix::ThreadSafeRepository::init_opts(
        folder,
        gix::create::Kind::Bare,
        options,
        gix::open::Options::isolated(),
    );
    made.map(drop).map_err(|error| MirrorError::Io {
        action: "make",
        path: folder.to_owned(),
        source: io::Error::other(error),
    })
}
