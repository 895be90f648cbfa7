//! Credentials in the remotes of a repository, where every reader of its settings sees them.

use super::check::Check;
use crate::base::atomic_file;
use crate::base::git_dir::GitDir;
use crate::scrub::scrub;
use gix::bstr::{BString, ByteSlice as _};
use gix::config::file::Metadata;
use gix::config::file::init::Options;
use gix::config::{File, Source};
use std::collections::BTreeSet;
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
    let read = || -> Result<(File, Vec<String>), Box<dyn Error>> {
        let bytes = git_dir.config()?;
        let place = Metadata::from(Source::Local);
        let mut settings = File::from_bytes_no_includes(&bytes, place, Options::default())?;
        let found = remove_credentials(&mut settings)?;
        Ok((settings, found))
    };
    let (settings, found) = match read() {
        Ok(read) => read,
        Err(error) => {
            return Check::fail(
                NAME,
                format!("cannot read the settings of the repository: {error}"),
                "repair the file `config` in its git folder",
            );
        }
    };
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
    match atomic_file::replace(&path, &settings.to_bstring()) {
        Ok(()) => Check::warn(NAME, format!("removed the credentials of {names}"), ROTATE),
        Err(error) => Check::fail(
            NAME,
            format!("cannot write `{}`: {error}", path.display()),
            "check its permissions",
        ),
    }
}

/// Removes the credentials from all addresses, and lists the settings that had some. A remote may have several addresses.
fn remove_credentials(settings: &mut File) -> Result<Vec<String>, Box<dyn Error>> {
    let sections = settings.sections_by_name("remote").into_iter().flatten();
    let named = sections.filter_map(|section| section.header().subsection_name());
    let remotes: BTreeSet<BString> = named.map(ToOwned::to_owned).collect();
    let mut found = Vec::new();
    for remote in &remotes {
        for key in ["url", "pushurl"] {
            let name = Some(remote.as_bstr());
            // A remote without this setting.
            let Ok(mut addresses) = settings.raw_values_mut_by("remote", name, key) else {
                continue;
            };
            let mut has_secret = false;
            for (index, address) in addresses.get()?.iter().enumerate() {
                if let Some(address) = without_credential(&address.to_string()) {
                    addresses.set_string_at(index, address)?;
                    has_secret = true;
                }
            }
            if has_secret {
                found.push(format!("remote.{remote}.{key}"));
            }
        }
    }
    Ok(found)
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
