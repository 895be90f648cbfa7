//! A request to a repository elsewhere that fetches nothing.

use super::{Call, GitAccess, GitError};
use crate::model::remote::RemoteUrl;

/// Asks a repository for its HEAD, with the credential of its host.
pub fn ls_remote(access: &GitAccess<'_>, url: &RemoteUrl) -> Result<(), GitError> {
    // Git needs a current folder, and must not find a repository in it.
    let empty = tempfile::tempdir().map_err(|source| GitError::Start {
        program: std::env::temp_dir(),
        source,
    })?;
    let call = Call {
        url,
        git_dir: empty.path(),
        args: &["ls-remote", "--quiet", "--", url.as_str(), "HEAD"],
        lock: None,
    };
    access.git.run(access, &call).map(drop)
}
