//! Taking mirrors away. They can all be fetched again.

use super::lock::Lock;
use super::place::MirrorPath;
use super::record::MirrorRecord;
use super::{MirrorError, Mirrors, repository};
use crate::model::remote::RemoteUrl;

/// What became of one mirror.
pub struct Pruned {
    pub name: String,
    pub url: Option<RemoteUrl>,
    /// Whether it is gone; otherwise only what dead processes left in it is.
    pub result: Result<bool, MirrorError>,
}

impl Mirrors {
    /// Removes the mirrors of some addresses, kept or not; without addresses, those of which nothing is kept, and
    /// what dead processes left anywhere.
    pub fn prune(&self, urls: &[RemoteUrl]) -> Result<Vec<Pruned>, MirrorError> {
        let named: Vec<MirrorPath> = urls.iter().map(|url| self.place(url)).collect();
        let is_named = |place: &MirrorPath| named.iter().any(|named| named.stem() == place.stem());
        let mut pruned = Vec::new();
        for place in self.places()? {
            if !urls.is_empty() && !is_named(&place) {
                continue;
            }
            let url = MirrorRecord::read(&place).url;
            pruned.push(Pruned {
                name: place.stem().to_owned(),
                url,
                result: prune(&place, is_named(&place)),
            });
        }
        Ok(pruned)
    }
}

fn prune(place: &MirrorPath, is_named: bool) -> Result<bool, MirrorError> {
    let Some(_lock) = Lock::try_take(place)? else {
        return Err(MirrorError::Busy {
            path: place.git_dir(),
        });
    };
    let goes = is_named || MirrorRecord::read(place).kept.is_empty();
    repository::remove(&place.new_git_dir())?;
    repository::remove(&place.new_record())?;
    if goes {
        repository::remove(&place.git_dir())?;
        repository::remove(&place.record())?;
    } else {
        repository::clear_leftovers(&place.git_dir())?;
    }
    // Last, while it is held: whoever waits for it sees that it is gone and makes a new one.
    repository::remove(&place.lock())?;
    Ok(goes)
}
