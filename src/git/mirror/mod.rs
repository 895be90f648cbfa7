//! The template cache: one bare repository per address, filled by reference, safe for several processes.
//!
//! Below `mirrors/` each address has a stem, `<slug>-<start of its SHA-256>`, and up to four entries: the repository
//! `.git`, its record `.json` (the address, what is kept, when it was asked), the lock `.lock`, and `.new.git` while a
//! repository is being made. Whoever only reads takes no lock; whoever writes holds it, and so does git itself for as
//! long as it runs.

mod error;
mod keep;
mod listing;
mod lock;
mod place;
mod prune;
mod record;
mod repository;

pub use error::MirrorError;
pub use keep::{Changed, Synced};
pub use listing::{Listed, ListedRef, State};
pub use prune::Pruned;

use super::{Access, Why, clock, fetch};
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use lock::Lock;
use place::Place;
use record::Record;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

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
        access: &Access<'_>,
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
        access: &Access<'_>,
        url: &RemoteUrl,
        reference: &RefName,
        planned: &GitId,
        freshness: Freshness,
    ) -> Result<Pinned, MirrorError> {
        let id = RefName::of_commit(planned);
        match self.pin(access, url, &id, freshness) {
            Err(MirrorError::Git { error, .. }) if error.why() == Some(Why::RefNotFound) => {}
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
        access: &Access<'_>,
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

    fn place(&self, url: &RemoteUrl) -> Place {
        Place::of(&self.folder, url)
    }
}

/// The moment from which on an answer is good enough; any moment when there is none.
#[derive(Clone, Copy)]
struct Since(Option<SystemTime>);

impl Since {
    fn of(freshness: Freshness) -> Self {
        Self(match freshness {
            Freshness::Offline => None,
            Freshness::AtMost(age) => clock::now().checked_sub(age),
            Freshness::Now => Some(clock::now()),
        })
    }
}

impl Place {
    fn pinned(&self, commit: GitId) -> Pinned {
        Pinned {
            git_dir: self.git_dir(),
            commit,
        }
    }

    /// What is in the cache and was asked for since then. Any damage counts as absence: it is met again, and mended,
    /// under the lock.
    fn fresh(&self, reference: &RefName, since: Since) -> Option<Pinned> {
        let is_fresh = reference.is_commit()
            || since
                .0
                .is_none_or(|since| Record::read(self).is_asked_since(reference, since));
        if !is_fresh {
            return None;
        }
        let commit = repository::lookup(&self.git_dir(), reference)
            .ok()
            .flatten()?;
        Some(self.pinned(commit))
    }

    fn missing(&self, url: &RemoteUrl, reference: &RefName) -> MirrorError {
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
    fn fetch(
        &self,
        access: &Access<'_>,
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
                    Err(error) if error.why() != Some(Why::Corrupt) => {
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
