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
    let reference = Reference {
        source: main,
        name: main,
        previous: &PreviousObject::Missing,
    };
    push(access, url, git_dir, &[reference])
}

/// A branch, a tag or notes to push: one object of the local repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedReference {
    /// The full name of the reference, such as `refs/heads/next`.
    pub name: String,
    pub commit: GitId,
    pub previous: PreviousObject,
}

/// The object that a reference must name before a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreviousObject {
    /// There must be no such reference.
    Missing,
    Named(GitId),
    /// Any commit that the new one descends from, or no such reference.
    Ancestor,
}

impl From<Option<GitId>> for PreviousObject {
    fn from(object: Option<GitId>) -> Self {
        object.map_or(Self::Missing, Self::Named)
    }
}

/// Pushes all references or none, each over its previous object alone. Nothing happens to one that names the new object
/// already.
///
/// # Errors
/// [`super::GitFailure::NotEmpty`] if one names another object; none is changed.
pub fn push_references(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    git_dir: &Path,
    references: &[PushedReference],
) -> Result<(), GitError> {
    let borrowed: Vec<Reference<'_>> = references
        .iter()
        .map(|reference| Reference {
            source: reference.commit.as_str(),
            name: &reference.name,
            previous: &reference.previous,
        })
        .collect();
    push(access, url, git_dir, &borrowed)
}

/// A reference to push from a name or an object of the local repository.
struct Reference<'r> {
    source: &'r str,
    name: &'r str,
    previous: &'r PreviousObject,
}

fn push(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    git_dir: &Path,
    references: &[Reference<'_>],
) -> Result<(), GitError> {
    let lease = |reference: &Reference<'_>| {
        let expected = match reference.previous {
            PreviousObject::Missing => "",
            PreviousObject::Named(object) => object.as_str(),
            // Without a lease git only moves a reference forward.
            PreviousObject::Ancestor => return None,
        };
        Some(format!("--force-with-lease={}:{expected}", reference.name))
    };
    let leases: Vec<String> = references.iter().filter_map(lease).collect();
    let pair = |reference: &Reference<'_>| format!("{}:{}", reference.source, reference.name);
    let pairs: Vec<String> = references.iter().map(pair).collect();
    let mut args = vec![
        "push",
        "--porcelain",
        "--no-verify",
        "--no-follow-tags",
        "--recurse-submodules=no",
    ];
    args.extend((references.len() > 1).then_some("--atomic"));
    args.extend(leases.iter().map(String::as_str));
    args.extend(["--", url.as_str()]);
    args.extend(pairs.iter().map(String::as_str));
    let call = Call {
        url,
        git_dir,
        args: &args,
        lock: None,
    };
    access.git.run(access, &call).map(drop)
}
