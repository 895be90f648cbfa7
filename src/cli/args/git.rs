//! Where templates are kept, how they are fetched, and with which token.

use crate::catalog::Catalog;
use crate::cli::error::Failure;
use crate::cli::signals;
use crate::git::mirror::{Freshness, MirrorError, Mirrors};
use crate::git::{Credential, Git, GitAccess, GitError, GitFailure, GitSettings};
use crate::model::content::Files;
use crate::model::remote::{RemoteUrl, RemoteUrlError};
use crate::secret::Secret;
use crate::template::TemplateStore;
use crate::tree::inventory_cache::InventoryCache;
use clap::builder::FalseyValueParser;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How templates are fetched.
#[derive(clap::Args)]
#[command(next_help_heading = "Templates from git")]
pub(crate) struct GitArgs {
    /// Where fetched templates are kept [default: groundplan in the user's cache folder].
    #[arg(long, global = true, env = "GROUNDPLAN_CACHE_DIR", value_name = "DIR")]
    cache_dir: Option<OsString>,
    /// Use what is in the cache, and ask nobody.
    #[arg(long, global = true, env = "GROUNDPLAN_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Ask for moving references (branches, tags) now, instead of when the last answer is ten minutes old.
    #[arg(long, global = true, conflicts_with = "offline")]
    refresh: bool,
    /// Allow templates from folders of this machine, by `file://`.
    #[arg(long, global = true, env = "GROUNDPLAN_ALLOW_FILE", value_parser = FalseyValueParser::new())]
    allow_file: bool,
    /// The longest that one repository may take.
    #[arg(long, global = true, env = "GROUNDPLAN_GIT_TIMEOUT", value_name = "SECONDS", default_value_t = 120,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    git_timeout: u64,
    /// The host that the token in GROUNDPLAN_GIT_TOKEN is for. No other host gets it.
    #[arg(
        long,
        global = true,
        env = "GROUNDPLAN_GIT_HOST",
        value_name = "HOST[:PORT]",
        default_value = "github.com"
    )]
    git_host: String,
    /// The user that goes with the token.
    #[arg(
        long,
        global = true,
        env = "GROUNDPLAN_GIT_USER",
        value_name = "NAME",
        default_value = "x-access-token"
    )]
    git_user: String,
}

/// Everything that a command needs to ask for templates.
pub(crate) struct Cache {
    pub mirrors: Mirrors,
    pub freshness: Freshness,
    trees: PathBuf,
    git: Git,
    credential: Option<Credential>,
}

impl GitArgs {
    /// The flags that say where templates are found.
    pub(crate) fn flags(&self) -> Vec<(&'static str, Option<String>)> {
        let folder = self.cache_dir.as_ref();
        let folder = folder.map(|folder| folder.to_string_lossy().into_owned());
        vec![("--cache-dir", folder.filter(|folder| !folder.is_empty()))]
    }

    /// Reads the settings. Nothing is made, started or asked yet.
    pub(crate) fn cache(&self) -> Result<Cache, Failure> {
        let folder = self.folder()?;
        Ok(Cache {
            mirrors: Mirrors::at(&folder),
            trees: folder.join("trees"),
            freshness: if self.offline {
                Freshness::Offline
            } else if self.refresh {
                Freshness::Now
            } else {
                Freshness::AtMost(Duration::from_mins(10))
            },
            git: git(self.allow_file, Duration::from_secs(self.git_timeout)),
            credential: self.credential()?,
        })
    }

    /// Where fetched templates are kept.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        let named = self.cache_dir.as_ref();
        if let Some(folder) = named.filter(|folder| !folder.is_empty()) {
            let folder = Path::new(folder);
            return std::path::absolute(folder).map_err(|error| Failure::reading(folder, error));
        }
        user_folder("XDG_CACHE_HOME", ".cache").ok_or_else(|| Failure::usage("cache_folder_missing", "there is no place for the template cache: neither XDG_CACHE_HOME nor HOME names a folder").hinted("name one with `--cache-dir DIR`, or GROUNDPLAN_CACHE_DIR"))
    }

    fn credential(&self) -> Result<Option<Credential>, Failure> {
        let Some(token) = environment("GROUNDPLAN_GIT_TOKEN").filter(|token| !token.is_empty())
        else {
            return Ok(None);
        };
        let usage = |message: String| {
            Failure::usage("git_token_invalid", format!("GROUNDPLAN_GIT_TOKEN cannot be used: {message}")).hinted("set it to the token alone; GROUNDPLAN_GIT_HOST and GROUNDPLAN_GIT_USER say whose it is")
        };
        let token = token
            .into_string()
            .map_err(|_| usage("it is not text".to_owned()))?;
        let secret = Secret::parse(token).map_err(|error| usage(error.to_string()))?;
        Credential::new(&self.git_host, &self.git_user, secret)
            .map(Some)
            .map_err(|error| usage(error.to_string()))
    }
}

impl Cache {
    /// What is known of templates that were looked at before.
    pub(crate) fn trees(&self) -> InventoryCache {
        InventoryCache::at(&self.trees)
    }

    /// The cache with catalogues, where templates are found that plans name.
    pub(crate) fn shelf(self, catalogs: Vec<Catalog>, files: Files) -> TemplateStore {
        let trees = self.trees();
        TemplateStore::new(
            catalogs,
            files,
            self.mirrors,
            trees,
            self.git,
            self.credential,
        )
    }

    /// With what repositories are asked, until a signal stops it.
    pub(crate) fn access(&self) -> GitAccess<'_> {
        GitAccess {
            git: &self.git,
            credential: self.credential.as_ref(),
            stop: signals::stop(),
        }
    }

    /// What to do about an error, when the token has a part in it.
    pub(crate) fn explain(&self, url: &RemoteUrl, error: MirrorError) -> Failure {
        let is_elsewhere = |credential: &&Credential| !credential.is_for(url);
        let Some(credential) = self.credential.as_ref().filter(is_elsewhere) else {
            return error.into();
        };
        let hint = format!(
            "the token in GROUNDPLAN_GIT_TOKEN is for `{}` and was not sent: set GROUNDPLAN_GIT_HOST to the host of the repository",
            credential.host()
        );
        let is_refused = matches!(
            &error,
            MirrorError::Git { error: GitError::Failed { why, .. }, .. }
                if matches!(why, GitFailure::RepositoryNotFound | GitFailure::AccessRefused)
        );
        let failure = Failure::from(error);
        if is_refused {
            failure.hinted(hint)
        } else {
            failure
        }
    }
}

/// The git program, with what of this machine it may see.
pub(crate) fn git(allow_file: bool, timeout: Duration) -> Git {
    let passed = |name: &str| Some((name.to_owned(), environment(name)?));
    Git::new(GitSettings {
        path: environment("PATH").unwrap_or_default(),
        passed: GitSettings::PASSED.into_iter().filter_map(passed).collect(),
        allow_file,
        timeout,
        max_bytes: GitSettings::MAX_BYTES,
    })
}

/// An address as people type it: a URL, or `owner/name` on GitHub.
pub(crate) fn address(text: &str) -> Result<RemoteUrl, RemoteUrlError> {
    if text.contains(':') || text.starts_with(['/', '.', '-']) || text.is_empty() {
        return RemoteUrl::parse(text);
    }
    RemoteUrl::of_short_name(text)
}

/// Our folder in the one that a variable names, or in the usual one of the user's home.
fn user_folder(variable: &str, usual: &str) -> Option<PathBuf> {
    let absolute = |name| {
        environment(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let above = absolute(variable).or_else(|| Some(absolute("HOME")?.join(usual)))?;
    Some(above.join("groundplan"))
}

/// The user's folder for what is to outlive a run.
pub(crate) fn state_folder() -> Option<PathBuf> {
    user_folder("XDG_STATE_HOME", ".local/state")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a secret must not be an argument, and PATH, HOME and proxies are settings of the system, not of ours"
)]
pub(crate) fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
