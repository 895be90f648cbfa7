//! The push of one built repository by the git program.

use super::push::PushError;
use crate::error::chain;
use crate::forge::repository::Remote;
use crate::git::{self, Credential, Git, GitAccess, GitError, GitFailure};
use crate::model::remote::RemoteUrl;
use crate::scrub::scrub;
use crate::secret::Secret;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use url::Url;

/// A built bare repository, and with what its `main` is pushed.
pub struct GitPush {
    /// Allows addresses of folders where the forge is one.
    pub git: Arc<Git>,
    pub repository: PathBuf,
    /// The user that goes with the token: GitHub and Forgejo look at the token alone.
    pub user: String,
    /// Not needed for a folder.
    pub secret: Option<Secret>,
}

impl GitPush {
    /// The user where nobody says another.
    pub const USER: &'static str = "x-access-token";

    /// Pushes, and waits for the end or for `stop` to be raised.
    pub fn run(&self, remote: &Remote, stop: &AtomicBool) -> Result<(), PushError> {
        let (address, credential) = match remote {
            Remote::Url(url) => {
                let credential = self.credential(url);
                let credential = credential.map_err(|message| self.refused(&message))?;
                (url.as_str().to_owned(), Some(credential))
            }
            Remote::Folder(folder) => {
                let url = Url::from_file_path(folder);
                let message = || self.refused(&format!("`{remote}` is no absolute path"));
                (url.map_err(|()| message())?.into(), None)
            }
        };
        let url = RemoteUrl::parse(&address);
        let url = url.map_err(|error| self.refused(&error.to_string()))?;
        let access = GitAccess {
            git: &self.git,
            credential: credential.as_ref(),
            stop,
        };
        git::push_main(&access, &url, &self.repository).map_err(|error| self.told(&error))
    }

    fn credential(&self, url: &Url) -> Result<Credential, String> {
        let secret = self.secret.as_ref().map(Secret::copy);
        let secret = secret.ok_or_else(|| "there is no token".to_owned())?;
        let host = url.host_str().unwrap_or_default();
        let host = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let credential = Credential::new(&host, &self.user, secret);
        credential.map_err(|error| error.to_string())
    }

    /// Refused only where the other side certainly has nothing of it.
    fn told(&self, error: &GitError) -> PushError {
        let message = chain(error);
        let is_refused = match error {
            GitError::NotInstalled
            | GitError::TooOld { .. }
            | GitError::Start { .. }
            | GitError::FileNotAllowed { .. } => true,
            GitError::TimedOut { .. } | GitError::TooLarge { .. } | GitError::Stopped => false,
            GitError::Failed { failure, .. } => match failure {
                GitFailure::RepositoryNotFound
                | GitFailure::NotEmpty
                | GitFailure::WorkflowScope
                | GitFailure::Declined
                | GitFailure::TooLargeForIt
                | GitFailure::AccessRefused
                | GitFailure::Redirected => true,
                GitFailure::Network
                | GitFailure::RefNotFound
                | GitFailure::Corrupt
                | GitFailure::Unknown => false,
            },
        };
        if is_refused {
            return self.refused(&message);
        }
        let message = self.clean(&message);
        PushError::Unknown { message }
    }

    fn refused(&self, message: &str) -> PushError {
        let message = self.clean(message);
        PushError::Refused { message }
    }

    /// The text without the token, which is on its way into the ledger.
    fn clean(&self, text: &str) -> String {
        scrub(text, &self.secret.iter().collect::<Vec<_>>())
    }
}
