//! The git program, the only program that groundplan starts.
//!
//! Every call gets a clean environment without settings of the machine or the user, except the user's ssh configuration,
//! which ssh finds itself. Every call has limits, and ends with all processes it started.

mod allowed_hosts;
mod borrowed;
mod credential;
mod environment;
mod error;
mod fetch;
mod ls_remote;
pub mod mirror;
mod program;
mod push;

pub use allowed_hosts::AllowedHosts;
pub use borrowed::borrowed;
pub use credential::{Credential, CredentialError};
pub use error::{GitError, GitFailure};
pub(crate) use fetch::history;
pub use ls_remote::{ls_remote, remote_references};
pub use push::{PreviousObject, PushedReference, push_main, push_references};

use crate::base::process::{self, Limits, ProcessError};
use crate::model::remote::{RemoteUrl, Transport};
use program::Program;
use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The settings of git, chosen by the shell.
pub struct GitSettings {
    /// PATH for git and the programs it starts. Relative folders in it are ignored.
    pub path: OsString,
    /// Variables for proxies, the ssh agent and certificates. Only those in [`GitSettings::PASSED`] reach git.
    pub passed: Vec<(String, OsString)>,
    /// True if `file://` may be read.
    pub allow_file: bool,
    /// The hosts of this machine, of its link and of its cloud that may be contacted.
    pub allow_hosts: AllowedHosts,
    /// The time limit of one call.
    pub timeout: Duration,
    /// The bytes that one call may add to a repository.
    pub max_bytes: u64,
}

impl GitSettings {
    /// The variables that the shell may pass on to git.
    pub const PASSED: [&str; 10] = [
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "all_proxy",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "SSH_AUTH_SOCK",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ];

    /// True for a variable that names proxies, or hosts without one.
    pub fn is_proxy_variable(name: &str) -> bool {
        name.to_ascii_lowercase().ends_with("_proxy")
    }

    /// The default of [`GitSettings::max_bytes`]: enough for a template of 100 MiB with its objects.
    pub const MAX_BYTES: u64 = 512 * 1024 * 1024;
}

/// The git program. It is located at the first call, so that templates in the cache need no git.
pub struct Git {
    settings: GitSettings,
    program: OnceLock<Program>,
}

/// The program, credential and stop flag for calls to a repository elsewhere.
#[derive(Clone, Copy)]
pub struct GitAccess<'a> {
    pub git: &'a Git,
    /// Used only for the host it belongs to.
    pub credential: Option<&'a Credential>,
    /// Set to end the call early.
    pub stop: &'a AtomicBool,
}

/// One call of git to a repository elsewhere.
pub(crate) struct Call<'a> {
    pub url: &'a RemoteUrl,
    /// The local repository.
    pub git_dir: &'a Path,
    /// The arguments after `git`, with the URL behind `--`.
    pub args: &'a [&'a str],
    /// A locked, empty file as standard input: git keeps the lock while it runs, even if this process dies.
    pub lock: Option<&'a File>,
}

impl Git {
    /// Starts nothing yet.
    pub fn new(settings: GitSettings) -> Self {
        Self {
            settings,
            program: OnceLock::new(),
        }
    }

    /// The time limit of one call.
    pub fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// Fails for an address that the settings do not allow. Nothing is started.
    pub(crate) fn check(&self, url: &RemoteUrl) -> Result<(), GitError> {
        let url = url.clone();
        match url.host_group() {
            _ if url.transport() == Transport::File && !self.settings.allow_file => {
                Err(GitError::FileNotAllowed { url })
            }
            Some(group) if !self.settings.allow_hosts.contains(url.host()) => {
                Err(GitError::HostNotAllowed { url, group })
            }
            _ => Ok(()),
        }
    }

    /// Runs a call and gives its standard output.
    pub(crate) fn run(&self, access: &GitAccess<'_>, call: &Call<'_>) -> Result<Vec<u8>, GitError> {
        self.check(call.url)?;
        let credential = access
            .credential
            .filter(|credential| credential.is_for(call.url));
        let program = &self.program(access.stop)?.path;
        let start = |source| GitError::Start {
            program: program.to_owned(),
            source,
        };
        let mut command = environment::command(program, &self.settings, call, credential);
        command.stdin(match call.lock {
            Some(lock) => Stdio::from(lock.try_clone().map_err(start)?),
            None => Stdio::null(),
        });
        let limits = Limits {
            timeout: Some(self.settings.timeout),
            stop: access.stop,
            growth: Some((&call.git_dir.join("objects/pack"), self.settings.max_bytes)),
        };
        let output = process::output(&mut command, limits).map_err(|error| match error {
            ProcessError::Io(source) => start(source),
            ProcessError::TimedOut => GitError::TimedOut {
                url: call.url.clone(),
                seconds: self.settings.timeout.as_secs(),
            },
            ProcessError::TooLarge => GitError::TooLarge {
                url: call.url.clone(),
                limit: self.settings.max_bytes,
            },
            ProcessError::Stopped => GitError::Stopped,
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        // A push reports the result of each branch on standard output.
        let printed = [output.stdout, output.stderr].concat();
        let answer = String::from_utf8_lossy(&printed);
        Err(GitError::answered(
            call.url.clone(),
            &match credential {
                Some(credential) => credential.scrub(&answer),
                None => answer.into_owned(),
            },
        ))
    }

    /// The version of the program. Fails if it is too old.
    pub fn version(&self, stop: &AtomicBool) -> Result<&str, GitError> {
        Ok(&self.program(stop)?.version)
    }

    fn program(&self, stop: &AtomicBool) -> Result<&Program, GitError> {
        if let Some(program) = self.program.get() {
            return Ok(program);
        }
        let found = program::find(&self.settings, stop)?;
        Ok(self.program.get_or_init(|| found))
    }
}
