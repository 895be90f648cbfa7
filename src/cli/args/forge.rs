//! Which forge a repository is for, and with which token.

use crate::cli::args::git::environment;
use crate::cli::error::Failure;
use crate::forge::Forge;
use crate::forge::address::ForgeAddress;
use crate::forge::clock::SystemClock;
use crate::forge::http::ClientError;
use crate::forge::site::{Site, SiteError};
use crate::model::preflight::ForgeKind;
use crate::pat::classic::{self, PatError};
use crate::publish::git_push::GitPush;
use crate::secret::Secret;
use clap::ValueEnum;
use clap::builder::PossibleValue;
use std::ffi::OsString;
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The variable that holds the token.
pub(crate) const TOKEN: &str = "GROUNDPLAN_FORGE_TOKEN";
const TOKEN_HINT: &str =
    "put a classic token with the scope `repo` into GROUNDPLAN_FORGE_TOKEN, and nothing else";

/// Which forge.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Forge")]
pub(crate) struct ForgeArgs {
    /// Where the repository is to stand. A person's token is read from GROUNDPLAN_FORGE_TOKEN, a worker takes each user's own.
    #[arg(long, value_enum)]
    pub(crate) forge: Option<ForgeKind>,
    /// The forge's address (github.com when left out for `github`), or the folder of a local one.
    #[arg(long, value_name = "URL|DIR", env = "GROUNDPLAN_FORGE_URL")]
    pub(crate) forge_url: Option<String>,
    /// The user that goes with the token when it is pushed: oauth2 or a login [default: x-access-token].
    #[arg(long, value_name = "NAME", env = "GROUNDPLAN_PUSH_USER")]
    pub(crate) push_user: Option<String>,
    /// Hosts that may be talked to without encryption, by name.
    #[arg(
        long,
        value_name = "HOST",
        env = "GROUNDPLAN_ALLOW_HTTP",
        value_delimiter = ','
    )]
    pub(crate) allow_http: Vec<String>,
    /// How many seconds the forge has for one call; in a preview, for all that it is asked.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "GROUNDPLAN_FORGE_TIMEOUT",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    pub(crate) forge_timeout: u64,
}

impl ValueEnum for ForgeKind {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Github, Self::Forgejo, Self::Local]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Github => "GitHub, or GitHub Enterprise with `--forge-url`",
            Self::Forgejo => "Forgejo or Gitea at `--forge-url`",
            Self::Local => "A folder of bare repositories at `--forge-url`",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
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
        let plain = self.allow_http.iter();
        let plain = plain.map(|host| ("--allow-http", host.clone()));
        iter::once(kind)
            .chain(url)
            .chain(user)
            .chain(plain)
            .collect()
    }

    /// The forge that is named, if one is. Nothing is asked yet.
    pub(crate) fn open(&self) -> Result<Option<Box<dyn Forge>>, Failure> {
        self.open_with(token)
    }

    /// The forge that is named, with a token that is read only where one is needed.
    pub(crate) fn open_with(
        &self,
        token: impl FnOnce() -> Result<Secret, Failure>,
    ) -> Result<Option<Box<dyn Forge>>, Failure> {
        let Some(kind) = self.forge else {
            return Ok(None);
        };
        let address = self.address(kind)?;
        let forge = address.connect(token, self.patience(), Arc::new(SystemClock))?;
        Ok(Some(forge))
    }

    /// The forge, for commands that are nothing without one.
    pub(crate) fn open_named(&self) -> Result<(Box<dyn Forge>, ForgeKind), Failure> {
        let named = self.open()?.zip(self.forge);
        named.ok_or_else(no_forge)
    }

    /// The host that people know the forge by; for a local one, its folder as it was named.
    pub(crate) fn host(&self, kind: ForgeKind) -> Result<String, Failure> {
        let address = self.address(kind)?;
        let folder = || self.forge_url.clone().unwrap_or_default();
        Ok(address.host().map_or_else(folder, str::to_owned))
    }

    /// The user that goes with the token when it is pushed.
    pub(crate) fn push_user(&self) -> &str {
        self.push_user.as_deref().unwrap_or(GitPush::USER)
    }

    /// How long one call may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(self.forge_timeout)
    }

    /// Where the forge is. Nothing is asked.
    pub(crate) fn address(&self, kind: ForgeKind) -> Result<ForgeAddress, Failure> {
        let usage = |message: String, hint: &str| {
            Failure::usage("forge_address_invalid", message).hinted(hint.to_owned())
        };
        let site = |site: Result<Site, SiteError>| {
            site.map_err(|error| usage(error.to_string(), "check `--forge-url`"))
        };
        let missing = |hint: &str| usage("`--forge-url` is missing".to_owned(), hint);
        let url = self.forge_url.as_deref();
        match kind {
            ForgeKind::Github => {
                let address = url.unwrap_or("https://github.com");
                site(Site::github(address, &self.allow_http)).map(ForgeAddress::GitHub)
            }
            ForgeKind::Forgejo => {
                let address =
                    url.ok_or_else(|| missing("name the forge as `https://forge.example.org`"))?;
                site(Site::forgejo(address, &self.allow_http)).map(ForgeAddress::Forgejo)
            }
            ForgeKind::Local => {
                let folder = url.ok_or_else(|| missing("name the folder of repositories"))?;
                let folder = PathBuf::from(folder);
                if !folder.is_dir() {
                    let message = format!("`{}` is not a folder", folder.display());
                    return Err(usage(message, "make it first, or check `--forge-url`"));
                }
                let absolute = std::path::absolute(&folder);
                let absolute = absolute.map_err(|error| Failure::reading(&folder, error))?;
                Ok(ForgeAddress::Folder(absolute))
            }
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Failure::environment("http_client_failed", crate::error::chain(&error))
    }
}

/// A command is nothing without a forge.
pub(crate) fn no_forge() -> Failure {
    Failure::usage("forge_missing", "`--forge` is missing")
        .hinted("name the kind of forge: `--forge github`, `forgejo` or `local`")
}

/// The token, which is read anew each time so that no copy waits in memory.
pub(crate) fn token() -> Result<Secret, Failure> {
    let text = token_text()?.ok_or_else(|| {
        Failure::usage(
            "token_missing",
            format!("there is no token: {TOKEN} is not set"),
        )
        .hinted(TOKEN_HINT.to_owned())
    })?;
    usable(text, TOKEN)
}

/// What the environment holds as the token, if anything.
pub(crate) fn token_text() -> Result<Option<String>, Failure> {
    let text = environment(TOKEN).filter(|text| !text.is_empty());
    let text = text.map(OsString::into_string).transpose();
    text.map_err(|_| {
        Failure::usage("token_not_text", format!("{TOKEN} is not text"))
            .hinted(TOKEN_HINT.to_owned())
    })
}

/// A token, or why the text that `source` holds is none.
pub(crate) fn usable(text: String, source: &str) -> Result<Secret, Failure> {
    classic::parse(text).map_err(|error| {
        let message = format!("{source} cannot be used: {error}");
        let hint = TOKEN_HINT.to_owned();
        match error {
            PatError::FineGrained => Failure::refused("token_unusable", message).hinted(hint),
            PatError::Secret(_) | PatError::Character | PatError::TooShort => {
                Failure::usage("token_invalid", message).hinted(hint)
            }
        }
    })
}
