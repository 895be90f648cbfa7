//! The first push into a repository that was just made: its branch `main`, and nothing else.

use super::{Call, GitAccess, GitError};
use crate::model::remote::RemoteUrl;
use std::path::Path;

/// Pushes the branch `main` of a repository on this disk, where the other side has no such branch yet.
///
/// # Errors
/// Whatever stands there already is left alone ([`super::Why::NotEmpty`]), unless it is the same commit.
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
