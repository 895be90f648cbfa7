//! The paths of one mirror. Every path that is written or removed comes from here.

use crate::model::digest::Digest;
use crate::model::remote::RemoteUrl;
use std::path::{Path, PathBuf};

/// The entries of one address in the folder of all mirrors.
pub(super) struct MirrorPath {
    folder: PathBuf,
    stem: String,
}

impl MirrorPath {
    /// The endings of the names of a mirror's entries. Entries with other names are not touched.
    const ENDS: [&str; 5] = [".new.git", ".git", ".lock", ".json.new", ".json"];

    pub(super) fn of(folder: &Path, url: &RemoteUrl) -> Self {
        let digest = Digest::of(url.as_str().as_bytes());
        Self {
            folder: folder.to_owned(),
            stem: format!("{}-{}", url.slug(), &digest.as_str()[..16]),
        }
    }

    /// The mirror of an entry of the folder, by its name.
    pub(super) fn of_entry(folder: &Path, name: &str) -> Option<Self> {
        let stem = Self::ENDS.iter().find_map(|end| name.strip_suffix(end))?;
        let (slug, digest) = stem.rsplit_once('-')?;
        let plain =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let is_ours = !slug.is_empty()
            && slug.bytes().all(plain)
            && digest.len() == 16
            && digest.bytes().all(|b| b.is_ascii_hexdigit());
        is_ours.then(|| Self {
            folder: folder.to_owned(),
            stem: stem.to_owned(),
        })
    }

    pub(super) fn stem(&self) -> &str {
        &self.stem
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn git_dir(&self) -> PathBuf {
        self.entry(".git")
    }

    /// A repository that is being created.
    pub(super) fn new_git_dir(&self) -> PathBuf {
        self.entry(".new.git")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.entry(".lock")
    }

    pub(super) fn record(&self) -> PathBuf {
        self.entry(".json")
    }

    /// A record that is being written.
    pub(super) fn new_record(&self) -> PathBuf {
        self.entry(".json.new")
    }

    fn entry(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}{end}", self.stem))
    }
}
