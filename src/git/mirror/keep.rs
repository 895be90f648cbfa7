//! References that are kept in the cache, and updated together.

use super::lock::Lock;
use super::record::MirrorRecord;
use super::{Freshness, MirrorError, Mirrors, Pinned, repository};
use crate::git::GitAccess;
use crate::model::digest::GitId;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;

/// The result for one kept reference.
pub struct Synced {
    pub url: RemoteUrl,
    pub reference: RefName,
    pub result: Result<RefUpdate, MirrorError>,
}

/// The commit of a reference before and after an update.
pub struct RefUpdate {
    pub before: Option<GitId>,
    pub now: GitId,
}

impl Mirrors {
    /// Fetches a reference now and keeps it. Adding it again only fetches it.
    pub fn add(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
    ) -> Result<RefUpdate, MirrorError> {
        let update = self.update(access, url, reference)?;
        let mirror = self.mirror(url);
        let lock = Lock::take(&mirror, access)?;
        let mut record = MirrorRecord::read(&mirror);
        if record.kept.insert(reference.clone()) {
            record.url = Some(url.clone());
            record.write(&mirror, &lock)?;
        }
        Ok(update)
    }

    /// Fetches all kept references. A failure does not stop the others; a signal does.
    pub fn sync(&self, access: &GitAccess<'_>) -> Result<Vec<Synced>, MirrorError> {
        let mut synced = Vec::new();
        for mirror in self.mirrors()? {
            let record = MirrorRecord::read(&mirror);
            let Some(url) = record.url else { continue };
            for reference in record.kept {
                let result = self.update(access, &url, &reference);
                let is_stopped = result.as_ref().is_err_and(MirrorError::is_stop);
                synced.push(Synced {
                    url: url.clone(),
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

    fn update(
        &self,
        access: &GitAccess<'_>,
        url: &RemoteUrl,
        reference: &RefName,
    ) -> Result<RefUpdate, MirrorError> {
        let before = repository::lookup(&self.mirror(url).git_dir(), reference)
            .ok()
            .flatten();
        let Pinned { commit, .. } = self.pin(access, url, reference, Freshness::Now)?;
        Ok(RefUpdate {
            before,
            now: commit,
        })
    }
}
