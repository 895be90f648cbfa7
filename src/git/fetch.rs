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
    fetch(
        access,
        url,
        reference,
        git_dir,
        into,
        lock,
        &["--depth", "1"],
    )
}

/// Fetches HEAD with its history into a new bare repository, as its branch `main`.
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
        &RefName::head(),
        folder,
        "refs/heads/main",
        &lock,
        &[],
    )
}

fn fetch(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    reference: &RefName,
    git_dir: &Path,
    into: &str,
    lock: &File,
    more: &[&str],
) -> Result<(), GitError> {
    let refspec = format!("+{reference}:{into}");
    let mut args = vec![
        "fetch",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        "--quiet",
    ];
    args.extend(more);
    args.extend(["--", url.as_str(), &refspec]);
    let call = Call {
        url,
        git_dir,
        args: &args,
        lock: Some(lock),
    };
    access.git.run(access, &call).map(drop)
}
