//! The one door to the git program: nothing else of groundplan starts a process.
//!
//! Every call gets an environment of its own, in which no setting of the machine or the user has a say (their ssh
//! configuration excepted, which ssh finds by itself), is watched, and dies with all it started.

mod child;
mod clock;
mod credential;
mod environment;
mod error;
mod fetch;
mod ls_remote;
pub mod mirror;
mod program;
mod push;

pub use credential::{Credential, CredentialError};
pub use error::{GitError, GitFailure};
pub(crate) use fetch::history;
pub use ls_remote::ls_remote;
pub use push::push_main;

use crate::model::remote::RemoteUrl;
use child::{Interrupted, Watch};
use program::Program;
use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What the shell decides about git.
pub struct GitSettings {
    /// PATH, where git and what it starts are looked for. Relative folders in it are left out.
    pub path: OsString,
    /// Proxies, the ssh agent and certificates, by the name of their variable: those of [`GitSettings::PASSED`] reach
    /// git, others do not.
    pub passed: Vec<(String, OsString)>,
    /// Whether `file://` may be read.
    pub allow_file: bool,
    /// The longest that one call may take.
    pub timeout: Duration,
    /// The most that one call may add to a repository, in bytes.
    pub max_bytes: u64,
}

impl GitSettings {
    /// The variables that git may see when the shell hands them in.
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

    /// Enough for a template with its limit of 100 MiB, and far from a full disk.
    pub const MAX_BYTES: u64 = 512 * 1024 * 1024;
}

/// The git program. It is looked for at its first use, so that what is in the cache needs no git.
pub struct Git {
    settings: GitSettings,
    program: OnceLock<Program>,
}

/// With what, and until when, a repository is asked.
#[derive(Clone, Copy)]
pub struct GitAccess<'a> {
    pub git: &'a Git,
    /// Used for the host it belongs to, and no other.
    pub credential: Option<&'a Credential>,
    /// Raised when everything shall end.
    pub stop: &'a AtomicBool,
}

/// One call of git that talks to a repository elsewhere.
pub(crate) struct Call<'a> {
    pub url: &'a RemoteUrl,
    /// The repository on this side.
    pub git_dir: &'a Path,
    /// The whole command line after `git`; the URL stands behind `--`.
    pub args: &'a [&'a str],
    /// A file that git keeps open, and with it the lock on it, for as long as it lives: even when this process does
    /// not. It is empty, so git reads nothing.
    pub lock: Option<&'a File>,
}

impl Git {
    /// The git program of these settings. Nothing is started yet.
    pub fn new(settings: GitSettings) -> Self {
        Self {
            settings,
            program: OnceLock::new(),
        }
    }

    /// The longest that one call may take.
    pub fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    /// Makes a call and gives what git printed.
    pub(crate) fn run(&self, access: &GitAccess<'_>, call: &Call<'_>) -> Result<Vec<u8>, GitError> {
        let url = call.url;
        let credential = access
            .credential
            .filter(|credential| credential.is_for(url));
        let program = &self.program(access.stop)?.path;
        let mut command = environment::command(program, &self.settings, call, credential)?;
        let start = |source| GitError::Start {
            program: program.to_owned(),
            source,
        };
        command.stdin(match call.lock {
            Some(lock) => Stdio::from(lock.try_clone().map_err(start)?),
            None => Stdio::null(),
        });
        let watch = Watch {
            timeout: self.settings.timeout,
            stop: access.stop,
            growing: Some((&call.git_dir.join("objects/pack"), self.settings.max_bytes)),
        };
        let url = || url.clone();
        let finished = child::run(command, &watch).map_err(|interrupted| match interrupted {
            Interrupted::Start(source) => GitError::Start {
                program: program.to_owned(),
                source,
            },
            Interrupted::TimedOut => GitError::TimedOut {
                url: url(),
                seconds: self.settings.timeout.as_secs(),
            },
            Interrupted::TooLarge => GitError::TooLarge {
                url: url(),
                limit: self.settings.max_bytes,
            },
            Interrupted::Stopped => GitError::Stopped,
        })?;
        if finished.success {
            return Ok(finished.stdout);
        }
        // A push says on standard output what became of each branch.
        let said = [finished.stdout, finished.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let said = match credential {
            Some(credential) => credential.scrub(&said),
            None => said.into_owned(),
        };
        Err(GitError::answered(url(), &said))
    }

    /// Its version, which is new enough.
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
