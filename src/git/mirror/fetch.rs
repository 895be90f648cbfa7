//! One mirror: commits that are in the cache, and the fetch of those that are not.

use super::lock::Lock;
use super::place::MirrorPath;
use super::record::MirrorRecord;
use super::{Freshness, MirrorError, Pinned, repository};
use crate::base::{clock, git_init};
use crate::git::{GitAccess, GitFailure, fetch};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::fs;
use std::io;
use std::time::SystemTime;

/// The oldest time of an answer that is still good; `None` for any age.
#[derive(Clone, Copy)]
pub(super) struct Since(Option<SystemTime>);

impl Since {
    pub(super) fn of(freshness: Freshness) -> Self {
        Self(match freshness {
            Freshness::Offline => None,
            Freshness::AtMost(age) => clock::system_time().checked_sub(age),
            Freshness::Now => Some(clock::system_time()),
        })
    }
}

impl MirrorPath {
    pub(super) fn pinned(&self, commit: GitId) -> Pinned {
        Pinned {
            git_dir: self.git_dir(),
            commit,
        }
    }

    /// The commit in the cache, if the answer is fresh enough. A damaged repository counts as absent: the fetch under
    /// the lock replaces it.
    pub(super) fn fresh(&self, reference: &RefName, since: Since) -> Option<Pinned> {
        let is_fresh = reference.is_commit()
            || since
                .0
                .is_none_or(|since| MirrorRecord::read(self).is_asked_since(reference, since));
        if !is_fresh {
            return None;
        }
        let commit = repository::lookup(&self.git_dir(), reference).ok()??;
        Some(self.pinned(commit))
    }

    /// The error for a reference that is not in the cache.
    pub(super) fn missing(&self, url: &RemoteUrl, reference: &RefName) -> MirrorError {
        match repository::lookup(&self.git_dir(), reference) {
            Err(source) => MirrorError::Broken {
                path: self.git_dir(),
                source,
            },
            Ok(_) => MirrorError::NotCached {
                url: url.clone(),
                reference: reference.clone(),
            },
        }
    }

    /// Fetches a reference and records the answer. A damaged repository is created again, once.
    pub(super) fn fetch(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        lock: &Lock,
    ) -> Result<GitId, MirrorError> {
        let asked = clock::system_time();
        repository::clear_leftovers(&self.git_dir())?;
        let commit = match self.fetch_into_existing(access, url, reference, lock)? {
            Some(commit) => commit,
            None => self.fetch_anew(access, url, reference, lock)?,
        };
        self.record_answer(url, reference, asked, lock)?;
        Ok(commit)
    }

    /// Fetches into the existing repository; `None` when there is none, or it is damaged, or the answer is.
    fn fetch_into_existing(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        lock: &Lock,
    ) -> Result<Option<GitId>, MirrorError> {
        let git_dir = self.git_dir();
        let Ok(older) = repository::lookup(&git_dir, reference) else {
            return Ok(None);
        };
        if !repository::exists(&git_dir) {
            return Ok(None);
        }
        let name = repository::ref_of(reference);
        match fetch::shallow(access, url, reference, &git_dir, &name, lock.file()) {
            Ok(()) => Ok(repository::lookup(&git_dir, reference).ok().flatten()),
            Err(error) if error.failure() == Some(GitFailure::Corrupt) => Ok(None),
            Err(error) => Err(MirrorError::Git { error, older }),
        }
    }

    /// Fetches into a new repository, which replaces the old one only when it is complete.
    pub(super) fn fetch_anew(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        lock: &Lock,
    ) -> Result<GitId, MirrorError> {
        let (git_dir, new) = (self.git_dir(), self.new_git_dir());
        repository::remove(&new)?;
        let commit = match self.fetch_new(access, url, reference, lock) {
            Ok(commit) => commit,
            Err(error) => {
                repository::remove(&new)?;
                return Err(error);
            }
        };
        if repository::exists(&git_dir) {
            let mut record = MirrorRecord::read(self);
            record.forget_answers();
            record.write(self, lock)?;
        }
        repository::remove(&git_dir)?;
        fs::rename(&new, &git_dir).map_err(MirrorError::io("move into place", &git_dir))?;
        Ok(commit)
    }

    fn fetch_new(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        lock: &Lock,
    ) -> Result<GitId, MirrorError> {
        let new = self.new_git_dir();
        git_init::bare(&new)
            .map_err(|error| MirrorError::io("create", &new)(io::Error::other(error)))?;
        let name = repository::ref_of(reference);
        fetch::shallow(access, url, reference, &new, &name, lock.file())
            .map_err(|error| MirrorError::Git { error, older: None })?;
        match repository::lookup(&new, reference) {
            Ok(Some(commit)) => Ok(commit),
            Ok(None) => Err(MirrorError::NotACommit {
                url: url.clone(),
                reference: reference.clone(),
            }),
            Err(source) => Err(MirrorError::Broken { path: new, source }),
        }
    }

    /// Records the time at which a reference was asked for.
    pub(super) fn record_answer(
        &self,
        url: &RemoteUrl,
        reference: &RefName,
        asked: SystemTime,
        lock: &Lock,
    ) -> Result<(), MirrorError> {
        let mut record = MirrorRecord::read(self);
        record.set_answer(url, reference, asked);
        record.write(self, lock)
    }
}
