//! A request to a repository elsewhere that fetches nothing.

use super::{Call, GitAccess, GitError};
use crate::model::digest::GitId;
use crate::model::remote::RemoteUrl;
use std::collections::BTreeMap;

/// Asks a repository for its HEAD, with the credential of its host.
pub fn ls_remote(access: &GitAccess<'_>, url: &RemoteUrl) -> Result<(), GitError> {
    ask(
        access,
        url,
        &["ls-remote", "--quiet", "--", url.as_str(), "HEAD"],
    )
    .map(drop)
}

/// The branches and tags of a repository: the full name of each and the object that it names.
pub fn remote_references(
    access: &GitAccess<'_>,
    url: &RemoteUrl,
) -> Result<BTreeMap<String, GitId>, GitError> {
    let (heads, tags) = ("refs/heads/*", "refs/tags/*");
    let args = [
        "ls-remote",
        "--quiet",
        "--refs",
        "--",
        url.as_str(),
        heads,
        tags,
    ];
    let listing = ask(access, url, &args)?;
    let reference = |line: &str| {
        let (id, name) = line.split_once('\t')?;
        Some((name.to_owned(), GitId::parse(id).ok()?))
    };
    Ok(listing.lines().filter_map(reference).collect())
}

fn ask(access: &GitAccess<'_>, url: &RemoteUrl, args: &[&str]) -> Result<String, GitError> {
    // Git needs a current folder, and must not find a repository in it.
    let empty = tempfile::tempdir().map_err(|source| GitError::Start {
        program: std::env::temp_dir(),
        source,
    })?;
    let call = Call {
        url,
        git_dir: empty.path(),
        args,
        lock: None,
    };
    let output = access.git.run(access, &call)?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}
