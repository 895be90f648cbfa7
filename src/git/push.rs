//! Pushes of one branch and nothing else: the first one of a new repository, and branches with an update.

use super::{Call, GitAccess, GitError};
use crate::model::digest::GitId;
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

/// A branch to push: one commit of the local repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedBranch {
    /// The full name of the reference, such as `refs/heads/next`.
    pub name: String,
    pub commit: GitId,
    /// The commit that the branch must be at; none if it must not exist.
    pub expected: Option<GitId>,
}

/// Pushes a branch, over the expected commit alone. Nothing happens if it is at the new commit already.
///
/// # Errors
/// [`super::GitFailure::NotEmpty`] if the branch is at another commit; it is not changed.
pub fn push_branch(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    git_dir: &Path,
    branch: &PushedBranch,
) -> Result<(), GitError> {
    let expected = branch.expected.as_ref().map_or("", GitId::as_str);
    let lease = format!("--force-with-lease={}:{expected}", branch.name);
    let reference = format!("{}:{}", branch.commit, branch.name);
    let args = [
        "push",
        "--porcelain",
        "--no-verify",
        "--no-follow-tags",
        "--recurse-submodules=no",
        &lease,
        "--",
        url.as_str(),
        &reference,
    ];
    let call = Call {
        url,
        git_dir,
        args: &args,
        lock: None,
    };
    access.git.run(access, &call).map(drop)
}
