//! The template cache: one bare repository per address, filled by reference, safe for several processes.
//!
//! Below `mirrors/` each address has a stem, `<slug>-<start of its SHA-256>`, and up to four entries: the repository
//! `.git`, its record `.json` (the address, what is kept, when it was asked), the lock `.lock`, and `.new.git` while a
//! repository is being made. Whoever only reads takes no lock; whoever writes holds it, and so does git itself for as
//! long as it runs.

mod error;
mod fill;
mod keep;
mod listing;
mod lock;
mod place;
mod prune;
mod record;
mod repository;

pub use error::MirrorError;
pub use keep::{Changed, Synced};
pub use listing::{Listed, ListedRef, MirrorState};
pub use prune::Pruned;

use super::{GitAccess, GitFailure, clock};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use fill::Since;
use lock::Lock;
use place::MirrorPath;
use std::path::PathBuf;
use std::time::Duration;

/// The folder that holds all mirrors.
#[derive(Debug)]
pub struct Mirrors {
    folder: PathBuf,
}

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Any age: nothing is asked.
    Offline,
    AtMost(Duration),
    Now,
}

/// A commit that is in the cache, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// A bare repository that holds the commit's whole tree.
    pub git_dir: PathBuf,
    pub commit: GitId,
}

impl Mirrors {
    /// The mirrors below a cache folder. Nothing is made yet.
    pub fn at(root: &std::path::Path) -> Self {
        Self {
            folder: root.join("mirrors"),
        }
    }

    /// The commit that a reference leads to. An annotated tag leads to its commit.
    ///
    /// The full id of a commit that is there is never asked for again; other references are when the last answer is
    /// older than wanted.
    pub fn pin(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        freshness: Freshness,
    ) -> Result<Pinned, MirrorError> {
        let since = Since::of(freshness);
        let place = self.place(url);
        if let Some(pinned) = place.fresh(reference, since) {
            return Ok(pinned);
        }
        if freshness == Freshness::Offline {
            return Err(place.missing(url, reference));
        }
        let lock = Lock::take(&place, access)?;
        // Whoever held the lock may have done the work.
        if let Some(pinned) = place.fresh(reference, since) {
            return Ok(pinned);
        }
        let commit = place.fetch(access, url, reference, &lock)?;
        Ok(place.pinned(commit))
    }

    /// The commit with this id, which a reference led to when something was planned.
    ///
    /// # Errors
    /// [`MirrorError::Moved`] when the repository gives the commit no more and the reference leads elsewhere.
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
            Err(MirrorError::Git { error, .. }) if error.why() == Some(GitFailure::RefNotFound) => {
            }
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

    /// Fetches a reference into a repository made anew, for whoever met damage in what was pinned.
    pub fn renew(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
    ) -> Result<Pinned, MirrorError> {
        let place = self.place(url);
        let lock = Lock::take(&place, access)?;
        let asked = clock::now();
        let commit = place.fetch_anew(access, url, reference, &lock)?;
        place.note(url, reference, asked, &lock)?;
        Ok(place.pinned(commit))
    }

    fn place(&self, url: &RemoteUrl) -> MirrorPath {
        MirrorPath::of(&self.folder, url)
    }
}
