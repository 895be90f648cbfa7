//! The template cache: one bare repository per address, filled by reference, safe for several processes.
//!
//! Below `mirrors/` each address has a stem, `<slug>-<start of its SHA-256>`, and up to four entries: the repository
//! `.git`, its record `.json` (the address, the kept references, the times of the answers), the lock `.lock`, and
//! `.new.git` while a repository is created. Readers take no lock; writers do, and so does git while it runs.

mod error;
mod fetch;
mod keep;
mod listing;
mod lock;
mod place;
mod prune;
mod record;
mod repository;

pub use error::{MirrorError, Unreadable};
pub use keep::{RefUpdate, Synced};
pub use listing::{MirrorInfo, MirrorRef, MirrorState};
pub use prune::Pruned;

use super::{GitAccess, GitFailure};
use crate::base::clock;
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use fetch::Since;
use lock::Lock;
use place::MirrorPath;
use std::path::PathBuf;
use std::time::Duration;

/// The folder that holds all mirrors.
#[derive(Debug)]
pub struct Mirrors {
    folder: PathBuf,
}

/// The greatest age of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Any age: no request is made.
    Offline,
    AtMost(Duration),
    Now,
}

/// A commit in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// A bare repository with the whole tree of the commit.
    pub git_dir: PathBuf,
    pub commit: GitId,
}

impl Mirrors {
    /// The mirrors below a cache folder. Nothing is created yet.
    pub fn at(root: &std::path::Path) -> Self {
        Self {
            folder: root.join("mirrors"),
        }
    }

    /// The commit of a reference; of an annotated tag, the tagged commit.
    ///
    /// A full commit id that is in the cache is never requested again, any other reference when the last answer is older
    /// than `freshness` allows.
    pub fn pin(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        freshness: Freshness,
    ) -> Result<Pinned, MirrorError> {
        let since = Since::of(freshness);
        let mirror = self.mirror(url);
        if let Some(pinned) = mirror.fresh(reference, since) {
            return Ok(pinned);
        }
        if freshness == Freshness::Offline {
            return Err(mirror.missing(url, reference));
        }
        access
            .git
            .check(url)
            .map_err(|error| MirrorError::Git { error, older: None })?;
        let lock = Lock::take(&mirror, access)?;
        // The process that had the lock may have fetched it.
        if let Some(pinned) = mirror.fresh(reference, since) {
            return Ok(pinned);
        }
        let commit = mirror.fetch(access, url, reference, &lock)?;
        Ok(mirror.pinned(commit))
    }

    /// The commit with the id that a reference had when a plan was created.
    ///
    /// # Errors
    /// [`MirrorError::Moved`] when the repository no longer has the commit and the reference is another one.
    pub fn pin_commit(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        planned: &GitId,
        freshness: Freshness,
    ) -> Result<Pinned, MirrorError> {
        let id = RefName::of_commit(planned);
        match self.pin(access, url, &id, freshness) {
            Err(MirrorError::Git { error, .. })
                if error.failure() == Some(GitFailure::RefNotFound) => {}
            other => return other,
        }
        let found = self.pin(access, url, reference, Freshness::Now)?;
        if found.commit == *planned {
            return Ok(found);
        }
        Err(MirrorError::Moved {
            url: url.clone(),
            reference: reference.clone(),
            planned: planned.clone(),
            found: found.commit,
        })
    }

    /// Fetches a reference into a new repository, after the one in the cache turned out to be damaged.
    pub fn renew(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
    ) -> Result<Pinned, MirrorError> {
        let mirror = self.mirror(url);
        let lock = Lock::take(&mirror, access)?;
        let asked = clock::system_time();
        let commit = mirror.fetch_anew(access, url, reference, &lock)?;
        mirror.record_answer(url, reference, asked, &lock)?;
        Ok(mirror.pinned(commit))
    }

    fn mirror(&self, url: &RemoteUrl) -> MirrorPath {
        MirrorPath::of(&self.folder, url)
    }
}
