//! Fetches one reference of a repository elsewhere into a bare repository, with or without its history.

use super::{Call, GitAccess, GitError};
use crate::base::git_init;
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::fs::File;
use std::io;
use std::path::Path;

/// Fetches the commit of a reference without its history, and stores it as the full reference name `into`.
pub(super) fn shallow(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    reference: &RefName,
    git_dir: &Path,
    into: &str,
    lock: &File,
) -> Result<(), GitError> {
    let refspec = format!("+{reference}:{into}");
    fetch(access, url, git_dir, lock, &["--depth", "1"], &[&refspec])
}

/// The generated commits, if the repository has any.
const GENERATED: &str = "+refs/groundplan/*:refs/groundplan/*";
/// The notes about signed commits, if the repository has any.
const NOTES: &str = "+refs/notes/groundplan*:refs/notes/groundplan*";

/// Fetches HEAD with its history into a new bare repository, as its branch `main`, the generated commits and the notes about
/// signed commits.
pub(crate) fn history(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    folder: &Path,
) -> Result<(), GitError> {
    let start = |source| GitError::Start {
        program: folder.to_owned(),
        source,
    };
    git_init::bare(folder).map_err(|error| start(io::Error::other(error)))?;
    let lock = File::create(folder.join("groundplan.lock")).map_err(start)?;
    fetch(
        access,
        url,
        folder,
        &lock,
        &[],
        &["+HEAD:refs/heads/main", GENERATED, NOTES],
    )
}

fn fetch(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    git_dir: &Path,
    lock: &File,
    flags: &[&str],
    refspecs: &[&str],
) -> Result<(), GitError> {
    let mut args = vec![
        "fetch",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        "--quiet",
    ];
    args.extend(flags);
    args.extend(["--", url.as_str()]);
    args.extend(refspecs);
    let call = Call {
        url,
        git_dir,
        args: &args,
        lock: Some(lock),
    };
    access.git.run(access, &call).map(drop)
}
