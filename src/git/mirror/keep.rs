//! Repositories that are kept in the cache by wish, and asked for all at once.

use super::lock::Lock;
use super::record::MirrorRecord;
use super::{Freshness, MirrorError, Mirrors, Pinned, repository};
use crate::git::GitAccess;
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;

/// What became of one reference of a kept repository.
pub struct Synced {
    pub url: RemoteUrl,
    pub reference: RefName,
    pub result: Result<Changed, MirrorError>,
}

/// Where a reference leads, and led before.
pub struct Changed {
    pub before: Option<GitId>,
    pub now: GitId,
}

impl Mirrors {
    /// Asks for a reference now and keeps it. Adding it again changes nothing else.
    pub fn add(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
    ) -> Result<Changed, MirrorError> {
        let changed = self.ask(access, url, reference)?;
        let place = self.place(url);
        let lock = Lock::take(&place, access)?;
        let mut record = MirrorRecord::read(&place);
        if record.kept.insert(reference.clone()) {
            record.url = Some(url.clone());
            record.write(&place, &lock)?;
        }
        Ok(changed)
    }

    /// Asks for everything that is kept. What fails does not stop the others, unless a signal does.
    pub fn sync(&self, access: &GitAccess<'_>) -> Result<Vec<Synced>, MirrorError> {
        let mut synced = Vec::new();
        for place in self.places()? {
            let record = MirrorRecord::read(&place);
            let Some(url) = record.url else { continue };
            for reference in record.kept {
                let result = self.ask(access, &url, &reference);
                let is_stopped = result.as_ref().is_err_and(MirrorError::is_stop);
                let url = url.clone();
                synced.push(Synced {
                    url,
                    reference,
                    result,
                });
                if is_stopped {
                    return Ok(synced);
                }
            }
        }
        Ok(synced)
    }

    fn ask(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
    ) -> Result<Changed, MirrorError> {
        let before = repository::lookup(&self.place(url).git_dir(), reference)
            .ok()
            .flatten();
        let Pinned { commit, .. } = self.pin(access, url, reference, Freshness::Now)?;
        Ok(Changed {
            before,
            now: commit,
        })
    }
}
