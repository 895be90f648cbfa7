//! Removal of mirrors. All of them can be fetched again.

use super::lock::Lock;
use super::place::MirrorPath;
use super::record::MirrorRecord;
use super::{MirrorError, Mirrors, repository};
use crate::model::remote::RemoteUrl;

/// The result for one mirror.
pub struct Pruned {
    pub name: String,
    pub url: Option<RemoteUrl>,
    /// True if it was removed; false if only the leftovers of dead processes were.
    pub result: Result<bool, MirrorError>,
}

impl Mirrors {
    /// Removes the mirrors of some addresses, kept or not. Without addresses, removes those without kept references, and
    /// the leftovers of dead processes in all others.
    pub fn prune(&self, urls: &[RemoteUrl]) -> Result<Vec<Pruned>, MirrorError> {
        let named: Vec<MirrorPath> = urls.iter().map(|url| self.mirror(url)).collect();
        let is_named =
            |mirror: &MirrorPath| named.iter().any(|named| named.stem() == mirror.stem());
        let mut pruned = Vec::new();
        for mirror in self.mirrors()? {
            if !urls.is_empty() && !is_named(&mirror) {
                continue;
            }
            let url = MirrorRecord::read(&mirror).url;
            pruned.push(Pruned {
                name: mirror.stem().to_owned(),
                url,
                result: prune(&mirror, is_named(&mirror)),
            });
        }
        Ok(pruned)
    }
}

fn prune(mirror: &MirrorPath, is_named: bool) -> Result<bool, MirrorError> {
    let Some(_lock) = Lock::try_take(mirror)? else {
        return Err(MirrorError::Busy {
            path: mirror.git_dir(),
        });
    };
    let is_removed = is_named || MirrorRecord::read(mirror).kept.is_empty();
    repository::remove(&mirror.new_git_dir())?;
    repository::remove(&mirror.new_record())?;
    if is_removed {
        repository::remove(&mirror.git_dir())?;
        repository::remove(&mirror.record())?;
    } else {
        repository::clear_leftovers(&mirror.git_dir())?;
    }
    // Last, while it is locked: a waiting process sees that the file is gone and creates a new one.
    repository::remove(&mirror.lock())?;
    Ok(is_removed)
}
