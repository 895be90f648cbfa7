//! Git's rule for repositories of other users: nothing is written to them unless `safe.directory` names them.
//!
//! Source: <https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory>

use crate::cli::args::git::environment;
use crate::cli::error::Failure;
use crate::cli::git_settings;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Fails for a repository of another user, unless the user's or the system's settings name it.
pub(crate) fn check(folder: &Path) -> Result<(), Failure> {
    let Ok(top) = folder.canonicalize() else {
        // The next step reports an absent folder.
        return Ok(());
    };
    let owners = [top.clone(), top.join(".git")];
    let is_foreign = |path: &PathBuf| {
        path.symlink_metadata()
            .is_ok_and(|found| !is_own(found.uid()))
    };
    if !owners.iter().any(is_foreign)
        || is_listed(
            &git_settings::values("safe.directory"),
            &top.to_string_lossy(),
        )
    {
        return Ok(());
    }
    let shown = top.display();
    Err(Failure::refused(
        "repository_of_another_user",
        format!("the repository `{shown}` belongs to another user"),
    )
    .hinted(format!(
        "if you trust it, run `git config --global --add safe.directory {shown}`, or run this as its owner"
    )))
}

/// True for files of this user. Root owns those of the user who called `sudo`, too.
fn is_own(owner: u32) -> bool {
    let user = rustix::process::geteuid();
    let caller = || environment("SUDO_UID")?.to_str()?.parse::<u32>().ok();
    owner == user.as_raw() || user.is_root() && caller() == Some(owner)
}

/// True if the values name a folder. An empty one discards those before it.
fn is_listed(values: &[String], folder: &str) -> bool {
    let from = values
        .iter()
        .rposition(String::is_empty)
        .map_or(0, |at| at + 1);
    values[from..].iter().any(|value| {
        let below = value.strip_suffix("/*").filter(|_| value != "/*");
        value == "*"
            || value.trim_end_matches('/') == folder
            || below.is_some_and(|above| {
                folder
                    .strip_prefix(above)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_by_its_path_by_one_above_it_or_by_a_star() {
        for (values, expected) in [
            (&["/a/b"][..], true),
            (&["/a/b/"], true),
            (&["/a/*"], true),
            (&["*"], true),
            (&["*", ""], false),
            (&["", "/a/b"], true),
            (&["/a"], false),
            (&["/a/b/c"], false),
            (&["/*/b"], false),
            (&[], false),
        ] {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(is_listed(&values, "/a/b"), expected, "{values:?}");
        }
    }
}
