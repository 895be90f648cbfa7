//! The push of a built repository, by the git program.

use super::cache;
use super::exit::chain;
use super::forge::token;
use super::signals;
use crate::forge::repository::Remote;
use crate::git::{self, Access, Credential, GitError, Why};
use crate::model::remote::RemoteUrl;
use crate::publish::push::{Push, PushError};
use crate::scrub::scrub;
use async_trait::async_trait;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// How it is pushed.
#[derive(clap::Args)]
#[command(next_help_heading = "Forge")]
pub(super) struct PushArgs {
    /// The longest that the push may take.
    #[arg(long, env = "GROUNDPLAN_PUSH_TIMEOUT", value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    push_timeout: u64,
}

impl PushArgs {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.push_timeout)
    }
}

/// Pushes `main` of one bare repository. It waits where it is called: nothing else is done meanwhile.
pub(super) struct GitPush<'s> {
    pub(super) repository: PathBuf,
    pub(super) user: &'s str,
    pub(super) timeout: Duration,
}

#[async_trait]
impl Push for GitPush<'_> {
    async fn push(&self, remote: &Remote) -> Result<(), PushError> {
        let (address, credential) = match remote {
            Remote::Url(url) => {
                let credential = self.credential(url);
                (url.as_str().to_owned(), Some(credential.map_err(refused)?))
            }
            Remote::Folder(folder) => {
                let url = Url::from_file_path(folder);
                let url = url.map_err(|()| refused(format!("`{remote}` is no absolute path")))?;
                (url.into(), None)
            }
        };
        let url = RemoteUrl::parse(&address).map_err(|error| refused(error.to_string()))?;
        let allow_file = matches!(remote, Remote::Folder(_));
        let git = cache::git(allow_file, self.timeout);
        let access = Access {
            git: &git,
            credential: credential.as_ref(),
            stop: signals::stop(),
        };
        git::push_main(&access, &url, &self.repository).map_err(|error| told(&error))
    }
}

impl GitPush<'_> {
    fn credential(&self, url: &Url) -> Result<Credential, String> {
        let secret = token().map_err(|failure| failure.into_parts().0)?;
        let host = url.host_str().unwrap_or_default();
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let credential = Credential::new(&host, self.user, secret);
        credential.map_err(|error| error.to_string())
    }
}

fn refused(message: impl AsRef<str>) -> PushError {
    PushError::Refused {
        message: clean(message.as_ref()),
    }
}

/// Refused only where the other side certainly has nothing of it.
fn told(error: &GitError) -> PushError {
    let message = chain(error);
    let is_refused = match error {
        GitError::NotInstalled
        | GitError::TooOld { .. }
        | GitError::Start { .. }
        | GitError::FileNotAllowed { .. } => true,
        GitError::TimedOut { .. } | GitError::TooLarge { .. } | GitError::Stopped => false,
        GitError::Failed { why, .. } => match why {
            Why::RepositoryNotFound
            | Why::NotEmpty
            | Why::WorkflowScope
            | Why::Declined
            | Why::TooLargeForIt
            | Why::AccessRefused
            | Why::Redirected => true,
            Why::Network | Why::RefNotFound | Why::Corrupt | Why::Unknown => false,
        },
    };
    if is_refused {
        refused(message)
    } else {
        PushError::Unknown {
            message: clean(&message),
        }
    }
}

/// The text without the token, which is on its way into the ledger.
fn clean(text: &str) -> String {
    let token = token().ok();
    scrub(text, &token.iter().collect::<Vec<_>>())
}
