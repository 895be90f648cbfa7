//! One reference of a repository elsewhere, without or with its history, into a bare repository.

use super::{Call, GitAccess, GitError};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::fs::File;
use std::io;
use std::path::Path;

/// Fetches the commit that a reference leads to, and remembers it under `into`, a full name.
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

/// Fetches HEAD with everything before it into a new bare repository, as its branch `main`.
pub(crate) fn history(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
    folder: &Path,
) -> Result<(), GitError> {
    let start = |source| GitError::Start {
        program: folder.to_owned(),
        source,
    };
    let made = gix::ThreadSafeRepository::init_opts(
        folder,
        gix::create::Kind::Bare,
        gix::create::Options::default(),
        gix::open::Options::isolated(),
    );
    made.map_err(|error| start(io::Error::other(error)))?;
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
