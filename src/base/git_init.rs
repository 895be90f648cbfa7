//! New git repositories, the same on every machine: SHA-1, no templates, no hooks, no settings of the user.

use gix::ThreadSafeRepository;
use gix::create::{Kind, Options};
use std::path::Path;

/// Creates a bare repository in a folder that is absent or empty.
pub fn bare(folder: &Path) -> gix::Result<ThreadSafeRepository> {
    with_settings(folder, Kind::Bare, [])
}

/// Creates a repository. The settings, each `KEY=VALUE`, are those of the handle; no file contains them.
pub fn with_settings<const N: usize>(
    folder: &Path,
    kind: Kind,
    settings: [String; N],
) -> gix::Result<ThreadSafeRepository> {
    let options = Options {
        object_hash: Some(gix::hash::Kind::Sha1),
        ..Options::default()
    };
    let handle = gix::open::Options::isolated().config_overrides(settings);
    ThreadSafeRepository::init_opts(folder, kind, options, handle)
}
