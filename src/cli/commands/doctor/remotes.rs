//! Credentials in the remotes of a repository, where every reader of its settings sees them.

use super::check::Check;
use crate::base::atomic_file;
use crate::base::git_dir::GitDir;
use crate::scrub::scrub;
use gix::config::file::Metadata;
use gix::config::file::init::Options;
use gix::config::{File, Source};
use std::error::Error;
use std::path::Path;
use url::Url;

/// The step after a removal.
const ROTATE: &str = "create a new token and revoke this one: it was readable in the file; let a git credential helper keep the new one";
const NAME: &str = "remotes";

/// Checks the remotes of the repository in a folder. With `fixes`, removes the credentials that are found.
pub(super) fn remotes(folder: &Path, fixes: bool) -> Check {
    let Ok(git_dir) = GitDir::find(folder) else {
        return Check::skip(NAME, "no git repository in this folder");
    };
    let read = || -> Result<File, Box<dyn Error>> {
        Ok(File::from_bytes_no_includes(
            &git_dir.config()?,
            Metadata::from(Source::Local),
            Options::default(),
        )?)
    };
    let mut settings = match read() {
        Ok(settings) => settings,
        Err(error) => {
            return Check::fail(
                NAME,
                format!("cannot read the settings of the repository: {error}"),
                "repair the file `config` in its git folder",
            );
        }
    };
    let found = remove_credentials(&mut settings);
    if found.is_empty() {
        return Check::ok(NAME, "no credentials in the addresses");
    }
    let names = found.join(", ");
    if !fixes {
        return Check::fail(
            NAME,
            format!("credentials in the addresses of {names}"),
            "remove them with `groundplan doctor --fix`, and revoke the token",
        );
    }
    let path = git_dir.common().join("config");
    match atomic_file::write(&path, &settings.to_bstring()) {
        Ok(()) => Check::warn(NAME, format!("removed the credentials of {names}"), ROTATE),
        Err(error) => Check::fail(
            NAME,
            format!("cannot write `{}`: {error}", path.display()),
            "check its permissions",
        ),
    }
}

/// Removes the credentials from all addresses, and lists the settings that had some.
fn remove_credentials(settings: &mut File) -> Vec<String> {
    let mut found = Vec::new();
    let Some(sections) = settings.sections_and_ids_by_name("remote") else {
        return found;
    };
    let ids: Vec<_> = sections.map(|(_, id)| id).collect();
    for id in ids {
        let Some(mut section) = settings.section_mut_by_id(id) else {
            continue;
        };
        let remote = section
            .header()
            .subsection_name()
            .map_or_else(String::new, ToString::to_string);
        for key in ["url", "pushurl"] {
            let value = section.value(key).map(|value| value.to_string());
            if let Some(address) = value.as_deref().and_then(without_credential)
                && section.set(key, address.as_str()).is_ok()
            {
                found.push(format!("remote.{remote}.{key}"));
            }
        }
    }
    found
}

/// The address without its credential; `None` if it has none. A user name alone is none, unless it is a token.
fn without_credential(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    let is_token = scrub(url.username(), &[]) != url.username();
    let has_secret = url.password().is_some() || is_token;
    if !is_web || !has_secret {
        return None;
    }
    url.set_password(None).ok()?;
    url.set_username("").ok()?;
    Some(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_tokens_are_removed_and_names_stay() {
        for (address, expected) in [
            (
                "https://ada:hunter2@forge.example/a/b.git",
                Some("https://forge.example/a/b.git"),
            ),
            (
                "https://ghp_0123456789abcdefghijABCDEFGHIJ012345@github.com/a/b",
                Some("https://github.com/a/b"),
            ),
            ("https://ada@forge.example/a/b.git", None),
            ("https://forge.example/a/b.git", None),
            ("git@forge.example:a/b.git", None),
            ("ssh://git@forge.example/a/b.git", None),
        ] {
            assert_eq!(
                without_credential(address).as_deref(),
                expected,
                "{address}"
            );
        }
    }
}
