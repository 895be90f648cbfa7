//! One reference of a repository elsewhere, without its history, into a bare repository.

use super::{Access, Call, GitError};
use crate::model::ref_name::RefName;
use crate::model::remote::RemoteUrl;
use std::fs::File;
use std::path::Path;

/// Fetches the commit that a reference leads to, and remembers it under `into`, a full name.
pub(super) fn shallow(
    access: &Access<'_>,
    url: &RemoteUrl,
    reference: &RefName,
    git_dir: &Path,
    into: &str,
    lock: &File,
) -> Result<(), GitError> {
    let refspec = format!("+{reference}:{into}");
    let args = [
        "fetch",
        "--depth",
        "1",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--no-auto-maintenance",
        "--quiet",
        "--",
        url.as_str(),
        &refspec,
    ];
    let call = Call {
        url,
        git_dir,
        args: &args,
        lock,
    };
    access.git.run(access, &call).map(drop)
}
