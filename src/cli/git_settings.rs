//! Git's settings of the system and the user, which no repository can change.

use crate::cli::args::git::environment;
use crate::model::input::Identity;
use gix::config::file::{Metadata, includes, init};
use gix::config::{File, Source};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest settings file that is read, in bytes.
const MAX: u64 = 1024 * 1024;

/// The author that git would name in a commit. Nothing unless both `user.name` and `user.email` are set and valid.
pub(crate) fn identity() -> Option<Identity> {
    let (name, address) = (values("user.name").pop()?, values("user.email").pop()?);
    Identity::parse(&format!("{} <{}>", name.trim(), address.trim())).ok()
}

/// All values of a setting, the strongest last. A file that cannot be read has none.
pub(crate) fn values(key: &str) -> Vec<String> {
    let found = |path: PathBuf| read(&path)?.strings(key);
    let values = files().into_iter().filter_map(found).flatten();
    values.map(|value| value.to_string()).collect()
}

/// The settings files, the strongest last.
fn files() -> Vec<PathBuf> {
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

/// The settings of a regular file and of the files that it includes unconditionally.
fn read(path: &Path) -> Option<File> {
    let metadata = fs::metadata(path).ok()?;
    if !metadata.is_file() || metadata.len() > MAX {
        return None;
    }
    let home = environment("HOME").map(PathBuf::from);
    let with_includes = init::Options {
        includes: includes::Options::follow_without_conditional(home.as_deref()),
        ..init::Options::default()
    };
    let source = || Metadata::from(Source::User).at(path);
    let read = File::from_paths_metadata([source()], with_includes);
    match read {
        Ok(settings) => settings,
        // A file that it includes is missing or wrong.
        Err(_) => File::from_path_no_includes(path.to_owned(), Source::User).ok(),
    }
}
