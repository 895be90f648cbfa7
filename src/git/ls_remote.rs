//! Whether a repository elsewhere answers. Nothing is fetched.

use super::{Call, GitAccess, GitError};
use crate::model::remote::RemoteUrl;

/// Asks a repository where its HEAD is, with the credential of its host.
pub fn ls_remote(access: &GitAccess<'_>, url: &RemoteUrl) -> Result<(), GitError> {
    // Git wants a folder to stand in, and must not find a repository there.
    let nowhere = tempfile::tempdir().map_err(|source| GitError::Start {
        program: std::env::temp_dir(),
        source,
    })?;
    let call = Call {
        url,
        git_dir: nowhere.path(),
        args: &["ls-remote", "--quiet", "--", url.as_str(), "HEAD"],
        lock: None,
    };
    access.git.run(access, &call).map(drop)
}
