//! The first push to a new repository: its branch `main`, and nothing else.

use super::{Call, GitAccess, GitError};
use crate::model::remote::RemoteUrl;
use std::path::Path;

/// Pushes the branch `main` of a local repository to one that has no such branch.
///
/// # Errors
/// [`super::GitFailure::NotEmpty`] if the branch exists with another commit; it is not changed.
pub fn push_main(access: &GitAccess<'_>, url: &RemoteUrl, git_dir: &Path) -> Result<(), GitError> {
    let args = [
        "push",
        "--porcelain",
        "--no-verify",
        "--no-follow-tags",
        "--recurse-submodules=no",
        // Expects that there is no such branch.
        "--force-with-lease=refs/heads/main:",
        "--",
        url.as_str(),
        "refs/heads/main:refs/heads/main",
    ];
    let call = Call {
        url,
        git_dir,
        args: &args,
        lock: None,
    };
    access.git.run(access, &call).map(drop)
}
