//! What one mirror holds, and how it gets what it does not.

use super::lock::Lock;
use super::place::MirrorPath;
use super::record::MirrorRecord;
use super::{Freshness, MirrorError, Pinned, repository};
use crate::git::{GitAccess, GitFailure, clock, fetch};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::time::SystemTime;

/// The moment from which on an answer is good enough; any moment when there is none.
#[derive(Clone, Copy)]
pub(super) struct Since(Option<SystemTime>);

impl Since {
    pub(super) fn of(freshness: Freshness) -> Self {
        Self(match freshness {
            Freshness::Offline => None,
            Freshness::AtMost(age) => clock::now().checked_sub(age),
            Freshness::Now => Some(clock::now()),
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

    /// What is in the cache and was asked for since then. Any damage counts as absence: it is met again, and mended,
    /// under the lock.
    pub(super) fn fresh(&self, reference: &RefName, since: Since) -> Option<Pinned> {
        let is_fresh = reference.is_commit()
            || since
                .0
                .is_none_or(|since| MirrorRecord::read(self).is_asked_since(reference, since));
        if !is_fresh {
            return None;
        }
        let commit = repository::lookup(&self.git_dir(), reference)
            .ok()
            .flatten()?;
        Some(self.pinned(commit))
    }

    pub(super) fn missing(&self, url: &RemoteUrl, reference: &RefName) -> MirrorError {
        let (url, reference) = (url.clone(), reference.clone());
        match repository::lookup(&self.git_dir(), &reference) {
            Err(source) => MirrorError::Broken {
                path: self.git_dir(),
                source,
            },
            Ok(_) => MirrorError::NotCached { url, reference },
        }
    }

    /// Asks the repository. One that was made by a process that died, or is damaged, is made anew, once.
    pub(super) fn fetch(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        lock: &Lock,
    ) -> Result<GitId, MirrorError> {
        let asked = clock::now();
        let git_dir = self.git_dir();
        repository::clear_leftovers(&git_dir)?;
        let older = repository::lookup(&git_dir, reference);
        let commit = match &older {
            Err(_) => self.fetch_anew(access, url, reference, lock)?,
            Ok(_) if !repository::is_there(&git_dir) => {
                self.fetch_anew(access, url, reference, lock)?
            }
            Ok(older) => {
                let name = repository::ref_of(reference);
                let fetched = fetch::shallow(access, url, reference, &git_dir, &name, lock.file());
                match fetched.map(|()| repository::lookup(&git_dir, reference)) {
                    Ok(Ok(Some(commit))) => commit,
                    Err(error) if error.why() != Some(GitFailure::Corrupt) => {
                        return Err(MirrorError::Git {
                            error,
                            older: older.clone(),
                        });
                    }
                    // The other side is to blame when this fails as well, and then what is here stays.
                    Ok(_) | Err(_) => self.fetch_anew(access, url, reference, lock)?,
                }
            }
        };
        self.note(url, reference, asked, lock)?;
        Ok(commit)
    }
}
