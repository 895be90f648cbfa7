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
    let main = "refs/heads/main";
    push(
        access,
        url,
        git_dir,
        Reference {
            source: main,
            name: main,
            expected: None,
        },
    )
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
    let reference = Reference {
        source: branch.commit.as_str(),
        name: &branch.name,
        expected: branch.expected.as_ref(),
    };
    push(access, url, git_dir, reference)
}

/// A reference to push from a name or a commit of the local repository.
#[derive(Clone, Copy)]
struct Reference<'r> {
    source: &'r str,
    name: &'r str,
    expected: Option<&'r GitId>,
}

fn push(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    git_dir: &Path,
    reference: Reference<'_>,
) -> Result<(), GitError> {
    let Reference {
        source,
        name,
        expected,
    } = reference;
    // Without a commit it expects that there is no such reference.
    let lease = format!(
        "--force-with-lease={name}:{}",
        expected.map_or("", GitId::as_str)
    );
    let args = [
        "push",
        "--porcelain",
        "--no-verify",
        "--no-follow-tags",
        "--recurse-submodules=no",
        &lease,
        "--",
        url.as_str(),
        &format!("{source}:{name}"),
    ];
    let call = Call {
        url,
        git_dir,
        args: &args,
        lock: None,
    };
    access.git.run(access, &call).map(drop)
}
