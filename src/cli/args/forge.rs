//! Flags of the forge, and its token from the environment.

use crate::base::clock::SystemClock;
use crate::cli::args::git::{environment, git_with, secret_variable, unprotected};
use crate::cli::error::Failure;
use crate::forge::Forge;
use crate::forge::address::{ForgeAddress, RequestSettings};
use crate::forge::proxy::Proxies;
use crate::git::{AllowedHosts, Git, GitSettings};
use crate::model::input::{Owner, RepoName, RepoUrl};
use crate::model::preflight::ForgeKind;
use crate::pat::classic::{self, PatError};
use crate::publish::git_push::GitPush;
use crate::secret::Secret;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::iter;
use std::sync::Arc;
use std::time::Duration;

/// The variable that holds the token.
pub(crate) const TOKEN: &str = "GROUNDPLAN_FORGE_TOKEN";
const TOKEN_HINT: &str = "set GROUNDPLAN_FORGE_TOKEN to a classic token with the scope `repo`; for GitHub, `gh auth token` prints one";

/// The forge and how to reach it.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Forge")]
pub(crate) struct ForgeArgs {
    /// Forge to create the repository on. The token is read from GROUNDPLAN_FORGE_TOKEN; workers use each user's stored token.
    #[arg(long, value_enum)]
    pub(crate) forge: Option<ForgeKind>,
    /// URL of the forge, or folder of a local one [default for `github`: `https://github.com`].
    #[arg(long, value_name = "URL|DIR", env = "GROUNDPLAN_FORGE_URL")]
    pub(crate) forge_url: Option<String>,
    /// User name sent with the token on a push: oauth2 or a login [default: x-access-token].
    #[arg(long, value_name = "NAME", env = "GROUNDPLAN_PUSH_USER")]
    pub(crate) push_user: Option<String>,
    /// Hosts that may be reached without encryption.
    #[arg(
        long,
        value_name = "HOST",
        env = "GROUNDPLAN_ALLOW_HTTP",
        value_delimiter = ','
    )]
    pub(crate) allow_http: Vec<String>,
    /// Proxy for requests to the forge and for the push; templates from git always use the proxy variables.
    #[arg(long, value_name = "PROXY", env = "GROUNDPLAN_FORGE_PROXY", value_enum, default_value_t = ForgeProxy::None)]
    pub(crate) forge_proxy: ForgeProxy,
    /// Time limit of one request in seconds; in a preview, of all requests together.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "GROUNDPLAN_FORGE_TIMEOUT",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub(crate) forge_timeout: u64,
}

/// The proxy of everything that is sent to a forge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ForgeProxy {
    /// No proxy.
    #[default]
    None,
    /// The proxy variables: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`.
    Env,
}

impl ValueEnum for ForgeKind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(self.about()))
    }
}

impl ForgeArgs {
    /// The flags that name the same forge.
    pub(crate) fn flags(&self) -> Vec<(&'static str, String)> {
        let Some(kind) = self.forge else {
            return Vec::new();
        };
        let kind = ("--forge", kind.as_str().to_owned());
        let url = self.forge_url.clone().map(|url| ("--forge-url", url));
        let user = self.push_user.clone().map(|user| ("--push-user", user));
        let plain = self
            .allow_http
            .iter()
            .map(|host| ("--allow-http", host.clone()));
        let proxy =
            (self.forge_proxy == ForgeProxy::Env).then(|| ("--forge-proxy", "env".to_owned()));
        iter::once(kind)
            .chain(url)
            .chain(user)
            .chain(plain)
            .chain(proxy)
            .collect()
    }

    /// The forge that is named, if one is. Sends no request.
    pub(crate) fn open(&self) -> Result<Option<Box<dyn Forge>>, Failure> {
        self.open_with(token)
    }

    /// The forge that is named. `token` is called only where the forge needs one.
    pub(crate) fn open_with(
        &self,
        token: impl FnOnce() -> Result<Secret, Failure>,
    ) -> Result<Option<Box<dyn Forge>>, Failure> {
        let Some(kind) = self.forge else {
            return Ok(None);
        };
        let address = self.address(kind)?;
        let forge = address.connect(token, &self.requests()?, Arc::new(SystemClock))?;
        Ok(Some(forge))
    }

    /// The forge, for commands that require one.
    pub(crate) fn open_named(&self) -> Result<(Box<dyn Forge>, ForgeKind), Failure> {
        let named = self.open()?.zip(self.forge);
        named.ok_or_else(no_forge)
    }

    /// The host of the forge; for a local one, its folder as it was typed.
    pub(crate) fn host(&self, kind: ForgeKind) -> Result<String, Failure> {
        let address = self.address(kind)?;
        let folder = || self.forge_url.clone().unwrap_or_default();
        Ok(address.host().map_or_else(folder, str::to_owned))
    }

    /// The web address of a repository on the forge; none for a folder, and where it is the usual one of a plan.
    pub(crate) fn repo_url(
        &self,
        owner: &Owner,
        repo: &RepoName,
    ) -> Result<Option<RepoUrl>, Failure> {
        let Some(kind) = self.forge else {
            return Ok(None);
        };
        let Some(remote) = self.address(kind)?.remote(owner.as_str(), repo.as_str()) else {
            return Ok(None);
        };
        let address = remote.as_str().trim_end_matches(".git");
        let github = ForgeKind::Github.default_url().unwrap_or_default();
        let is_usual = address == format!("{github}/{owner}/{repo}");
        Ok(RepoUrl::parse(address).ok().filter(|_| !is_usual))
    }

    /// The user name sent with the token on a push.
    pub(crate) fn push_user(&self) -> &str {
        self.push_user.as_deref().unwrap_or(GitPush::USER)
    }

    /// The time limit of one request.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.forge_timeout)
    }

    /// The settings of requests.
    pub(crate) fn requests(&self) -> Result<RequestSettings, Failure> {
        let proxies = match self.forge_proxy {
            ForgeProxy::None => Proxies::default(),
            ForgeProxy::Env => Proxies::from_variables(|name| {
                environment(name).map(|value| value.to_string_lossy().into_owned())
            })?,
        };
        Ok(RequestSettings {
            timeout: self.patience(),
            proxies,
        })
    }

    /// The git program for pushes, with the same proxies as requests.
    pub(crate) fn git(&self, timeout: Duration) -> Git {
        let is_wanted = |name: &str| {
            self.forge_proxy == ForgeProxy::Env || !GitSettings::is_proxy_variable(name)
        };
        let is_folder = self.forge.is_some_and(ForgeKind::is_folder);
        git_with(is_wanted, is_folder, AllowedHosts::All, timeout)
    }

    /// The address of the forge. Sends no request.
    pub(crate) fn address(&self, kind: ForgeKind) -> Result<ForgeAddress, Failure> {
        Ok(ForgeAddress::parse(
            kind,
            self.forge_url.as_deref(),
            &self.allow_http,
        )?)
    }
}

/// The failure of a command that requires a forge and has none.
pub(crate) fn no_forge() -> Failure {
    Failure::usage("forge_missing", "`--forge` is missing")
        .hinted("name the kind of forge: `--forge github`, `forgejo` or `local`")
}

/// The failure of a command that needs a token for a forge without tokens.
pub(crate) fn no_tokens() -> Failure {
    Failure::usage("forge_without_tokens", "a local forge has no tokens")
        .hinted("name the forge of the token")
}

/// The token. It is read from the environment each time, so that no copy stays in memory.
pub(crate) fn token() -> Result<Secret, Failure> {
    let text = token_text()?.ok_or_else(|| {
        Failure::usage("token_missing", format!("no token: {TOKEN} is not set"))
            .hinted(TOKEN_HINT.to_owned())
    })?;
    usable(text, TOKEN)
}

/// The token in the environment as it is; none when unset or empty.
pub(crate) fn token_text() -> Result<Option<String>, Failure> {
    let text = secret_variable(TOKEN)
        .map_err(unprotected)?
        .map(OsString::into_string)
        .transpose();
    text.map_err(|_| {
        Failure::usage("token_not_text", format!("{TOKEN} is not text"))
            .hinted(TOKEN_HINT.to_owned())
    })
}

/// Parses a token. `source` names its origin in the error.
pub(crate) fn usable(text: String, source: &str) -> Result<Secret, Failure> {
    classic::parse(text).map_err(|error| {
        let message = format!("invalid token in {source}: {error}");
        let hint = TOKEN_HINT.to_owned();
        match error {
            PatError::FineGrained => Failure::refused("token_unusable", message).hinted(hint),
            PatError::Secret(_) | PatError::Character | PatError::TooShort => {
                Failure::usage("token_invalid", message).hinted(hint)
            }
        }
    })
}
