//! Which forge a repository is for, and with which token.

use super::cache::environment;
use super::exit::Failure;
use crate::forge::Forge;
use crate::forge::clock::{Clock, SystemClock};
use crate::forge::forgejo::Forgejo;
use crate::forge::github::GitHub;
use crate::forge::http::Manners;
use crate::forge::local::Local;
use crate::forge::site::Site;
use crate::pat::classic;
use crate::secret::Secret;
use std::path::PathBuf;
use std::sync::Arc;

/// The variable that holds the token.
pub(super) const TOKEN: &str = "GROUNDPLAN_FORGE_TOKEN";

/// Which forge.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Forge")]
pub(super) struct ForgeArgs {
    /// Where the repository is to stand; the token is read from GROUNDPLAN_FORGE_TOKEN.
    #[arg(long, value_enum, env = "GROUNDPLAN_FORGE")]
    pub(super) forge: Option<Kind>,
    /// The forge's address [default for github: https://github.com], or the folder of a local one.
    #[arg(long, value_name = "URL|DIR", env = "GROUNDPLAN_FORGE_URL")]
    pub(super) forge_url: Option<String>,
    /// The user that goes with the token when it is pushed: oauth2 or a login [default: x-access-token].
    #[arg(long, value_name = "NAME", env = "GROUNDPLAN_PUSH_USER")]
    pub(super) push_user: Option<String>,
    /// Hosts that may be talked to without encryption, by name.
    #[arg(
        long,
        value_name = "HOST",
        env = "GROUNDPLAN_ALLOW_HTTP",
        value_delimiter = ','
    )]
    pub(super) allow_http: Vec<String>,
}

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// GitHub, or GitHub Enterprise with `--forge-url`.
    Github,
    /// Forgejo or Gitea at `--forge-url`.
    Forgejo,
    /// A folder of bare repositories at `--forge-url`.
    Local,
}

impl ForgeArgs {
    /// The forge that is named, if one is. Nothing is asked yet.
    pub(super) fn open(&self) -> Result<Option<Box<dyn Forge>>, Failure> {
        let Some(kind) = self.forge else {
            return Ok(None);
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let manners = Manners::new(Arc::clone(&clock));
        let usage = |message: String, hint: &str| Failure::Usage {
            message,
            hint: hint.to_owned(),
        };
        let site = |site: Result<Site, _>| {
            site.map_err(|error: crate::forge::site::SiteError| {
                usage(error.to_string(), "check `--forge-url`")
            })
        };
        let client = |error: crate::forge::http::ClientError| Failure::Environment {
            message: super::exit::chain(&error),
            hint: None,
        };
        let missing = |hint: &str| usage("`--forge-url` is missing".to_owned(), hint);
        let url = self.forge_url.as_deref();
        let forge: Box<dyn Forge> = match kind {
            Kind::Github => {
                let address = url.unwrap_or("https://github.com");
                let site = site(Site::github(address, &self.allow_http))?;
                Box::new(GitHub::new(site, token()?, manners).map_err(client)?)
            }
            Kind::Forgejo => {
                let address =
                    url.ok_or_else(|| missing("name the forge as `https://forge.example.org`"))?;
                let site = site(Site::forgejo(address, &self.allow_http))?;
                Box::new(Forgejo::new(site, token()?, manners).map_err(client)?)
            }
            Kind::Local => {
                let folder = url.ok_or_else(|| missing("name the folder of repositories"))?;
                let folder = PathBuf::from(folder);
                if !folder.is_dir() {
                    let message = format!("`{}` is not a folder", folder.display());
                    return Err(usage(message, "make it first, or check `--forge-url`"));
                }
                let absolute = std::path::absolute(&folder);
                let absolute = absolute.map_err(|error| Failure::reading(&folder, &error))?;
                Box::new(Local::new(absolute, clock))
            }
        };
        Ok(Some(forge))
    }
}

/// The token, which is read anew each time so that no copy waits in memory.
pub(super) fn token() -> Result<Secret, Failure> {
    let usage = |message: String| Failure::Usage {
        message,
        hint: format!("set {TOKEN} to a classic token with the scope `repo`"),
    };
    let text = environment(TOKEN)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| usage(format!("there is no token: {TOKEN} is not set")))?;
    let text = text
        .into_string()
        .map_err(|_| usage(format!("{TOKEN} is not text")))?;
    classic::parse(text).map_err(|error| usage(format!("{TOKEN} cannot be used: {error}")))
}

/// Runs what talks to a forge, on this thread.
pub(super) fn wait_for<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::Environment {
        message: format!("cannot start: {error}"),
        hint: None,
    })?;
    Ok(runtime.block_on(future))
}
