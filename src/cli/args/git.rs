//! Flags of the template cache and of git, and the token from the environment.

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

/// The template cache and the access to git repositories.
#[derive(clap::Args)]
#[command(next_help_heading = "Templates from git")]
pub(crate) struct GitArgs {
    /// Folder of the template cache [default: groundplan in the user's cache folder].
    #[arg(long, global = true, env = "GROUNDPLAN_CACHE_DIR", value_name = "DIR")]
    cache_dir: Option<OsString>,
    /// Use the cache only; send no request.
    #[arg(long, global = true, env = "GROUNDPLAN_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Look up branches and tags now, even if they were looked up less than ten minutes ago.
    #[arg(long, global = true, conflicts_with = "offline")]
    refresh: bool,
    /// Allow `file://` templates from this machine.
    #[arg(long, global = true, env = "GROUNDPLAN_ALLOW_FILE", value_parser = FalseyValueParser::new())]
    allow_file: bool,
    /// Time limit for fetching one repository.
    #[arg(long, global = true, env = "GROUNDPLAN_GIT_TIMEOUT", value_name = "SECONDS", default_value_t = 120,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    git_timeout: u64,
    /// Host that the token in GROUNDPLAN_GIT_TOKEN is sent to. No other host receives it.
    #[arg(
        long,
        global = true,
        env = "GROUNDPLAN_GIT_HOST",
        value_name = "HOST[:PORT]",
        default_value = "github.com"
    )]
    git_host: String,
    /// User name sent with the token.
    #[arg(
        long,
        global = true,
        env = "GROUNDPLAN_GIT_USER",
        value_name = "NAME",
        default_value = "x-access-token"
    )]
    git_user: String,
}

/// The template cache, git, and the credential for it.
pub(crate) struct Cache {
    pub mirrors: Mirrors,
    pub freshness: Freshness,
    trees: PathBuf,
    git: Git,
    credential: Option<Credential>,
}

impl GitArgs {
    /// The flags that name the template cache.
    pub(crate) fn flags(&self) -> Vec<(&'static str, Option<String>)> {
        let folder = self.cache_dir.as_ref();
        let folder = folder.map(|folder| folder.to_string_lossy().into_owned());
        vec![("--cache-dir", folder.filter(|folder| !folder.is_empty()))]
    }

    /// Reads the settings. Creates nothing, starts nothing and sends no request.
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

    /// The folder of the template cache.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        let named = self.cache_dir.as_ref();
        if let Some(folder) = named.filter(|folder| !folder.is_empty()) {
            let folder = Path::new(folder);
            return std::path::absolute(folder).map_err(|error| Failure::reading(folder, error));
        }
        user_folder("XDG_CACHE_HOME", ".cache").ok_or_else(|| Failure::usage("cache_folder_missing", "no folder for the template cache: neither XDG_CACHE_HOME nor HOME is set to a folder").hinted("name one with `--cache-dir DIR`, or GROUNDPLAN_CACHE_DIR"))
    }

    fn credential(&self) -> Result<Option<Credential>, Failure> {
        let Some(token) = environment("GROUNDPLAN_GIT_TOKEN").filter(|token| !token.is_empty())
        else {
            return Ok(None);
        };
        let usage = |message: String| {
            Failure::usage("git_token_invalid", format!("invalid GROUNDPLAN_GIT_TOKEN: {message}")).hinted("set it to the token alone; GROUNDPLAN_GIT_HOST and GROUNDPLAN_GIT_USER name its host and user")
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
    /// The inventories of templates that were read before.
    pub(crate) fn trees(&self) -> InventoryCache {
        InventoryCache::at(&self.trees)
    }

    /// The store that opens the templates of plans over these catalogues.
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

    /// Git, the credential, and the flag that a signal raises to stop a fetch.
    pub(crate) fn access(&self) -> GitAccess<'_> {
        GitAccess {
            git: &self.git,
            credential: self.credential.as_ref(),
            stop: signals::stop(),
        }
    }

    /// The failure of a repository, with a hint when the token was not sent because it is for another host.
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

/// The git program, with the environment variables that it may read.
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

/// Parses an address: a URL, or `owner/name` on GitHub.
pub(crate) fn address(text: &str) -> Result<RemoteUrl, RemoteUrlError> {
    if text.contains(':') || text.starts_with(['/', '.', '-']) || text.is_empty() {
        return RemoteUrl::parse(text);
    }
    RemoteUrl::of_short_name(text)
}

/// The folder `groundplan` in the folder that a variable names, or in `usual` below the user's home.
fn user_folder(variable: &str, usual: &str) -> Option<PathBuf> {
    let absolute = |name| {
        environment(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let above = absolute(variable).or_else(|| Some(absolute("HOME")?.join(usual)))?;
    Some(above.join("groundplan"))
}

/// The user's folder for state that outlives a command.
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
