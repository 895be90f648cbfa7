//! Flags of the template cache and of git, and the token from the environment.

use crate::app::error::{AppError, ReadError};
use crate::app::templates::TemplateCache;
use crate::base::memory;
use crate::cli::error::Failure;
use crate::cli::signals;
use crate::error::{Class, Explain, Hint};
use crate::git::mirror::{Freshness, Mirrors};
use crate::git::{AllowedHosts, Credential, CredentialError, Git, GitSettings};
use crate::secret::{Secret, SecretError};
use crate::tree::inventory_cache::InventoryCache;
use clap::builder::FalseyValueParser;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thiserror::Error;

/// The template cache and the access to git repositories.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Templates and catalogues from git")]
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
    /// Allow templates from a host of this machine, of its link or of its cloud; repeatable.
    #[arg(
        long,
        global = true,
        env = "GROUNDPLAN_ALLOW_HOST",
        value_name = "HOST",
        value_delimiter = ','
    )]
    allow_host: Vec<String>,
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

/// A cache or a credential that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum CacheError {
    #[error("no folder for the template cache: neither XDG_CACHE_HOME nor HOME is set to a folder")]
    NoFolder,
    #[error("cannot protect this process's memory")]
    Memory(#[from] rustix::io::Errno),
    #[error("invalid GROUNDPLAN_GIT_TOKEN: it is not text")]
    TokenNotText,
    #[error("invalid GROUNDPLAN_GIT_TOKEN")]
    Token(#[source] SecretError),
    #[error("invalid GROUNDPLAN_GIT_TOKEN")]
    Credential(#[source] CredentialError),
}

impl Explain for CacheError {
    fn class(&self) -> Class {
        match self {
            Self::Memory(_) => Class::Environment,
            _ => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoFolder => "cache_folder_missing",
            Self::Memory(_) => "memory_not_protected",
            Self::TokenNotText | Self::Token(_) | Self::Credential(_) => "git_token_invalid",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NoFolder => "name one with `--cache-dir DIR`, or GROUNDPLAN_CACHE_DIR".into(),
            Self::Memory(_) => return None,
            Self::TokenNotText | Self::Token(_) | Self::Credential(_) => "set it to the token alone; GROUNDPLAN_GIT_HOST and GROUNDPLAN_GIT_USER name its host and user".into(),
        })
    }
}

impl GitArgs {
    /// True if no request may be sent.
    pub(crate) fn is_offline(&self) -> bool {
        self.offline
    }

    /// The cache alone, for completions: no request is sent.
    pub(crate) fn offline() -> Self {
        Self {
            cache_dir: environment("GROUNDPLAN_CACHE_DIR"),
            offline: true,
            refresh: false,
            allow_file: true,
            allow_host: Vec::new(),
            git_timeout: 1,
            git_host: String::new(),
            git_user: String::new(),
        }
    }

    /// The flags that name the template cache.
    pub(crate) fn flags(&self) -> Vec<(&'static str, Option<String>)> {
        let folder = self
            .cache_dir
            .as_ref()
            .map(|folder| folder.to_string_lossy().into_owned());
        vec![
            ("--cache-dir", folder.filter(|folder| !folder.is_empty())),
            // A flag without a value.
            ("--offline", self.offline.then(String::new)),
        ]
    }

    /// Reads the settings. Creates nothing, starts nothing and sends no request. A stop signal ends its requests.
    pub(crate) fn cache(&self) -> Result<TemplateCache<'static>, AppError> {
        self.cache_until(signals::stop())
    }

    /// As [`Self::cache`], with the flag that ends its requests.
    pub(crate) fn cache_until(
        &self,
        stop: &'static AtomicBool,
    ) -> Result<TemplateCache<'static>, AppError> {
        let folder = self.folder()?;
        Ok(TemplateCache {
            mirrors: Mirrors::at(&folder),
            trees: InventoryCache::at(&folder.join("trees")),
            freshness: if self.offline {
                Freshness::Offline
            } else if self.refresh {
                Freshness::Now
            } else {
                Freshness::AtMost(Duration::from_mins(10))
            },
            git: git(
                self.allow_file,
                AllowedHosts::Only(self.allow_host.clone()),
                Duration::from_secs(self.git_timeout),
            ),
            credential: self.credential()?,
            stop,
        })
    }

    /// The folder of the template cache.
    pub(crate) fn folder(&self) -> Result<PathBuf, AppError> {
        let named = self.cache_dir.as_ref();
        if let Some(folder) = named.filter(|folder| !folder.is_empty()) {
            let folder = Path::new(folder);
            let absolute = std::path::absolute(folder);
            return Ok(absolute.map_err(|error| ReadError::new(folder, error))?);
        }
        let folder = user_folder("XDG_CACHE_HOME", ".cache");
        folder.ok_or_else(|| CacheError::NoFolder.into())
    }

    fn credential(&self) -> Result<Option<Credential>, CacheError> {
        let Some(token) = secret_variable("GROUNDPLAN_GIT_TOKEN")? else {
            return Ok(None);
        };
        let text = token.into_string().map_err(|_| CacheError::TokenNotText)?;
        let secret = Secret::parse(text).map_err(CacheError::Token)?;
        let credential = Credential::new(&self.git_host, &self.git_user, secret);
        credential.map(Some).map_err(CacheError::Credential)
    }
}

/// The git program, with the environment variables that it may read.
pub(crate) fn git(allow_file: bool, allow_hosts: AllowedHosts, timeout: Duration) -> Git {
    git_with(|_| true, allow_file, allow_hosts, timeout)
}

/// The git program, with those of the environment variables it may read that are wanted.
pub(crate) fn git_with(
    is_wanted: impl Fn(&str) -> bool,
    allow_file: bool,
    allow_hosts: AllowedHosts,
    timeout: Duration,
) -> Git {
    let passed = |name: &str| Some((name.to_owned(), environment(name)?));
    Git::new(GitSettings {
        path: environment("PATH").unwrap_or_default(),
        passed: GitSettings::PASSED
            .into_iter()
            .filter(|name| is_wanted(name))
            .filter_map(passed)
            .collect(),
        allow_file,
        allow_hosts,
        timeout,
        max_bytes: GitSettings::MAX_BYTES,
    })
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

/// The user's folder for data.
pub(crate) fn data_folder() -> Option<PathBuf> {
    user_folder("XDG_DATA_HOME", ".local/share")
}

/// The secret in an environment variable; none when unset or empty. Protects the memory that it is read into.
pub(crate) fn secret_variable(name: &str) -> rustix::io::Result<Option<OsString>> {
    let text = environment(name).filter(|text| !text.is_empty());
    if text.is_some() {
        memory::protect()?;
    }
    Ok(text)
}

/// The failure of a process whose memory cannot be protected.
pub(crate) fn unprotected(error: rustix::io::Errno) -> Failure {
    Failure::environment(
        "memory_not_protected",
        "cannot protect this process's memory",
    )
    .caused_by(error)
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
