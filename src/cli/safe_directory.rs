//! Git's rule for repositories of other users: nothing is written to them unless `safe.directory` names them.
//!
//! Source: <https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory>

use crate::cli::args::git::environment;
use crate::cli::error::Failure;
use gix::config::{File, Source, file};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The longest settings file that is read, in bytes.
const MAX: u64 = 1024 * 1024;

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
    let names: Vec<String> = settings_files()
        .iter()
        .flat_map(|path| listed(path))
        .collect();
    if !owners.iter().any(is_foreign) || is_listed(&names, &top.to_string_lossy()) {
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

/// The settings files of the system and the user, which no repository can change.
fn settings_files() -> Vec<PathBuf> {
    let path = |name: &str| environment(name).map(PathBuf::from);
    let has_system = path("GIT_CONFIG_NOSYSTEM").is_none_or(|value| value == Path::new("0"));
    let system = has_system.then(|| path("GIT_CONFIG_SYSTEM").unwrap_or("/etc/gitconfig".into()));
    let own = path("GIT_CONFIG_GLOBAL").map_or_else(
        || {
            let home = path("HOME");
            let folder = path("XDG_CONFIG_HOME").or_else(|| Some(home.clone()?.join(".config")));
            let files = [
                folder.map(|folder| folder.join("git/config")),
                home.map(|home| home.join(".gitconfig")),
            ];
            files.into_iter().flatten().collect()
        },
        |file| vec![file],
    );
    system.into_iter().chain(own).collect()
}

/// The values of `safe.directory` in a settings file; none for one that cannot be read.
fn listed(path: &Path) -> Vec<String> {
    let read = || {
        let is_file = fs::metadata(path).ok()?.is_file();
        let mut text = Vec::new();
        let file = fs::File::open(path).ok().filter(|_| is_file)?;
        file.take(MAX).read_to_end(&mut text).ok()?;
        let metadata = file::Metadata::from(Source::User);
        let parsed = File::from_bytes_no_includes(&text, metadata, file::init::Options::default());
        let values = parsed.ok()?.strings("safe.directory")?;
        Some(values.iter().map(ToString::to_string).collect())
    };
    read().unwrap_or_default()
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
