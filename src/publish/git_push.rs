//! Pushes to a repository of a forge, and its history, with the git program.

use super::push::PushError;
use crate::error::{Class, Explain, Hint, chain};
use crate::forge::repository::Remote;
use crate::git::{self, Credential, Git, GitAccess, GitError, GitFailure, PushedReference};
use crate::model::digest::GitId;
use crate::model::remote::RemoteUrl;
use crate::scrub::scrub;
use crate::secret::Secret;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use thiserror::Error;
use url::Url;

/// The push of a built bare repository with the git program.
pub struct GitPush {
    /// May read folders if the forge is a folder.
    pub git: Arc<Git>,
    pub repository: PathBuf,
    /// The user name that is sent with the token. GitHub and Forgejo ignore it.
    pub user: String,
    /// Not needed for a folder.
    pub secret: Option<Secret>,
}

/// An error of fetching a repository of the forge.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The message contains no secret.
    #[error("the repository cannot be fetched: {message}")]
    Address { message: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Explain for FetchError {
    fn class(&self) -> Class {
        match self {
            Self::Address { .. } => Class::Refused,
            Self::Git(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "fetch_address_invalid",
            Self::Git(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Address { .. } => None,
            Self::Git(error) => error.hint(),
        }
    }
}

impl GitPush {
    /// The default user name.
    pub const USER: &'static str = "x-access-token";

    /// Pushes `main`, and ends early if `stop` is set.
    pub fn run(&self, remote: &Remote, stop: &AtomicBool) -> Result<(), PushError> {
        self.with_access(remote, stop, |access, url| {
            git::push_main(access, url, &self.repository)
        })
    }

    /// Pushes all references or none, each over the object that is expected there alone; ends early if `stop` is set.
    pub fn references(
        &self,
        remote: &Remote,
        references: &[PushedReference],
        stop: &AtomicBool,
    ) -> Result<(), PushError> {
        self.with_access(remote, stop, |access, url| {
            git::push_references(access, url, &self.repository, references)
        })
    }

    /// The branches and tags of the remote repository.
    pub fn remote_references(
        &self,
        remote: &Remote,
        stop: &AtomicBool,
    ) -> Result<BTreeMap<String, GitId>, PushError> {
        self.with_access(remote, stop, git::remote_references)
    }

    /// Fetches the history of the remote repository into `repository`, which must not exist yet.
    pub fn fetch_history(&self, remote: &Remote, stop: &AtomicBool) -> Result<(), FetchError> {
        let (url, credential) = self
            .address(remote)
            .map_err(|message| FetchError::Address {
                message: self.scrub(&message),
            })?;
        let access = GitAccess {
            git: &self.git,
            credential: credential.as_ref(),
            stop,
        };
        Ok(git::history(&access, &url, &self.repository)?)
    }

    fn with_access<T>(
        &self,
        remote: &Remote,
        stop: &AtomicBool,
        call: impl FnOnce(&GitAccess<'_>, &RemoteUrl) -> Result<T, GitError>,
    ) -> Result<T, PushError> {
        let address = self.address(remote);
        let (url, credential) = address.map_err(|message| self.refused(&message))?;
        let access = GitAccess {
            git: &self.git,
            credential: credential.as_ref(),
            stop,
        };
        call(&access, &url).map_err(|error| self.push_error(&error))
    }

    /// The URL of a remote repository and the credential for it. An error is the reason in a phrase.
    fn address(&self, remote: &Remote) -> Result<(RemoteUrl, Option<Credential>), String> {
        let (address, credential) = match remote {
            Remote::Url(url) => (url.to_string(), Some(self.credential(url)?)),
            Remote::Folder(folder) => {
                let url = Url::from_file_path(folder)
                    .map_err(|()| format!("`{remote}` is not an absolute path"))?;
                (url.into(), None)
            }
        };
        let url = RemoteUrl::parse(&address).map_err(|error| chain(&error))?;
        Ok((url, credential))
    }

    fn credential(&self, url: &Url) -> Result<Credential, String> {
        let Some(secret) = &self.secret else {
            return Err("there is no token".to_owned());
        };
        let Some(host) = url.host_str() else {
            return Err("its address has no host".to_owned());
        };
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Credential::new(&authority, &self.user, secret.copy()).map_err(|error| chain(&error))
    }

    /// An error is `Refused` only if the push certainly had no effect.
    fn push_error(&self, error: &GitError) -> PushError {
        if error.is_before_sending() {
            let message = self.scrub(&chain(error));
            return match error.failure() {
                Some(GitFailure::Insecure) => PushError::Insecure { message },
                _ => PushError::NotSent { message },
            };
        }
        let is_refused = match error {
            GitError::NotInstalled
            | GitError::TooOld { .. }
            | GitError::Start { .. }
            | GitError::FileNotAllowed { .. }
            | GitError::HostNotAllowed { .. } => true,
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
                | GitFailure::Insecure
                | GitFailure::RefNotFound
                | GitFailure::Corrupt
                | GitFailure::Sha256
                | GitFailure::Incomplete
                | GitFailure::Unknown => false,
            },
        };
        let message = chain(error);
        if is_refused {
            return self.refused(&message);
        }
        let message = self.scrub(&message);
        PushError::Unknown { message }
    }

    fn refused(&self, message: &str) -> PushError {
        let message = self.scrub(message);
        PushError::Refused { message }
    }

    /// The text without the token, because the ledger keeps it.
    fn scrub(&self, text: &str) -> String {
        scrub(text, &self.secret.iter().collect::<Vec<_>>())
    }
}
