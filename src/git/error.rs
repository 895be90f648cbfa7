//! Errors of the git program, by the remedy.

use crate::base::host::HostGroup;
use crate::base::sanitize;
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::remote::RemoteUrl;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// An error of a call of git. Its text contains no secret and no unsafe character.
#[derive(Debug, Error)]
pub enum GitError {
    #[error("the program `git` was not found in PATH")]
    NotInstalled,
    #[error("git {found} is too old: {needed} or newer is needed")]
    TooOld { found: String, needed: String },
    #[error("cannot start `{program}`")]
    Start { program: PathBuf, source: io::Error },
    #[error("`{url}` is a folder of this machine, which is not allowed here")]
    FileNotAllowed { url: RemoteUrl },
    #[error("`{url}` names {group}, which is not allowed here")]
    HostNotAllowed { url: RemoteUrl, group: HostGroup },
    #[error("`{url}` did not answer within {seconds} seconds")]
    TimedOut { url: RemoteUrl, seconds: u64 },
    #[error("`{url}` sends more than {limit} bytes")]
    TooLarge { url: RemoteUrl, limit: u64 },
    #[error("stopped by a signal")]
    Stopped,
    #[error("`{url}`: {failure}{}", if answer.is_empty() { String::new() } else { format!(" ({answer})") })]
    Failed {
        url: RemoteUrl,
        failure: GitFailure,
        /// The output of git as one line.
        answer: String,
    },
}

/// The meaning of a failed call, derived from the output of git.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum GitFailure {
    /// The name service, the connection, too many requests, or an error of the server.
    #[error("the network or the server failed")]
    Network,
    /// The TLS handshake failed: nothing was sent.
    #[error("the connection is not secure: the certificate of the server is not accepted")]
    Insecure,
    #[error("the repository does not exist, or is not visible without a credential")]
    RepositoryNotFound,
    #[error("the reference does not exist")]
    RefNotFound,
    /// The branch of a first push exists.
    #[error("the repository is not empty")]
    NotEmpty,
    /// The token may write, but not files that the forge runs.
    #[error("the token lacks the scope `workflow`, which a push of workflow files needs")]
    WorkflowScope,
    /// A protected branch, a hook, or secret scanning.
    #[error("a rule of the repository declines the push")]
    Declined,
    #[error("the push is too large for the server")]
    TooLargeForIt,
    #[error("access was refused")]
    AccessRefused,
    /// Redirects are not followed: the target could be any machine.
    #[error("the repository has moved to another address")]
    Redirected,
    #[error("the repository uses SHA-256 object ids, which are not supported")]
    Sha256,
    #[error("the repository cannot send all objects: it is a partial clone, or damaged")]
    Incomplete,
    #[error("the received or the stored objects are damaged")]
    Corrupt,
    #[error("git failed")]
    Unknown,
}

impl GitError {
    /// The error for the output of a failed call.
    pub(super) fn answered(url: RemoteUrl, output: &str) -> Self {
        Self::Failed {
            url,
            failure: GitFailure::of(output),
            answer: as_line(output),
        }
    }

    /// True if the same call may succeed later. Unknown failures count: everything final is known as such.
    pub fn is_worth_retrying(&self) -> bool {
        self.class() == Class::Retryable
    }

    /// True if the connection failed before git sent anything but its first question.
    pub fn is_before_sending(&self) -> bool {
        match self {
            Self::Failed {
                failure, answer, ..
            } => match failure {
                GitFailure::Insecure => true,
                GitFailure::Network => answer.contains("unable to access"),
                _ => false,
            },
            _ => false,
        }
    }

    /// The meaning of the output, when git ran to its end.
    pub fn failure(&self) -> Option<GitFailure> {
        match self {
            Self::Failed { failure, .. } => Some(*failure),
            _ => None,
        }
    }
}

impl Explain for GitError {
    fn class(&self) -> Class {
        match self {
            Self::NotInstalled | Self::TooOld { .. } | Self::Start { .. } => Class::Environment,
            Self::FileNotAllowed { .. } | Self::HostNotAllowed { .. } | Self::TooLarge { .. } => {
                Class::Refused
            }
            Self::TimedOut { .. } => Class::Retryable,
            Self::Stopped => Class::Interrupted,
            Self::Failed { failure, .. } => match failure {
                GitFailure::Network | GitFailure::Unknown => Class::Retryable,
                GitFailure::Insecure => Class::Environment,
                _ => Class::Refused,
            },
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotInstalled => "git_not_installed",
            Self::TooOld { .. } => "git_too_old",
            Self::Start { .. } => "git_not_started",
            Self::FileNotAllowed { .. } => "git_file_not_allowed",
            Self::HostNotAllowed { .. } => "git_host_not_allowed",
            Self::TimedOut { .. } => "git_timed_out",
            Self::TooLarge { .. } => "git_too_large",
            Self::Stopped => "git_stopped",
            Self::Failed { failure, .. } => match failure {
                GitFailure::Network => "git_network",
                GitFailure::Insecure => "git_insecure",
                GitFailure::RepositoryNotFound => "git_repository_not_found",
                GitFailure::RefNotFound => "git_ref_not_found",
                GitFailure::NotEmpty => "git_not_empty",
                GitFailure::WorkflowScope => "git_workflow_scope",
                GitFailure::Declined => "git_push_declined",
                GitFailure::TooLargeForIt => "git_push_too_large",
                GitFailure::AccessRefused => "git_access_refused",
                GitFailure::Redirected => "git_redirected",
                GitFailure::Sha256 => "git_remote_sha256",
                GitFailure::Incomplete => "git_remote_incomplete",
                GitFailure::Corrupt => "git_corrupt",
                GitFailure::Unknown => "git_failed",
            },
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotInstalled => hint!("install git, or add its folder to PATH"),
            Self::TooOld { .. } => hint!("install a newer git"),
            Self::Start { .. } => hint!("check that it is a program that this user may run"),
            Self::FileNotAllowed { .. } => hint!(
                "allow it with ",
                Setting::AllowFile,
                " or GROUNDPLAN_ALLOW_FILE=1"
            ),
            Self::HostNotAllowed { url, .. } => hint!(
                "if you trust it, allow it with ",
                Setting::AllowHost,
                format!(" {0} or GROUNDPLAN_ALLOW_HOST={0}", url.host())
            ),
            Self::TimedOut { .. } => hint!(
                "try again later, or raise the limit with ",
                Setting::GitTimeout
            ),
            Self::TooLarge { .. } => hint!("check the address: a template is a small repository"),
            Self::Stopped => return None,
            Self::Failed { failure, .. } => failure.hint(),
        })
    }
}

/// Parts of git's output and their meaning; the first match decides. Network signals come before those of a missing
/// repository: after a broken connection git also prints that the repository cannot be read.
const SIGNALS: [(GitFailure, &[&str]); 11] = [
    (
        GitFailure::Sha256,
        &["mismatched algorithms: client sha1; server sha256"],
    ),
    (GitFailure::WorkflowScope, &["without `workflow` scope"]),
    (
        GitFailure::NotEmpty,
        &[
            "[rejected] (stale info)",
            "[rejected] (fetch first)",
            "reference already exists",
        ],
    ),
    (GitFailure::Declined, &["[remote rejected]"]),
    (
        GitFailure::Network,
        &[
            "Could not resolve",
            "name resolution",
            "Connection reset",
            "Connection refused",
            "Connection timed out",
            "Connection closed by remote host",
            "connection was closed",
            "Failed to connect",
            "Couldn't connect",
            "Network is unreachable",
            "No route to host",
            "Operation timed out",
            "Operation too slow",
            "Empty reply from server",
            "early EOF",
            "unexpected disconnect",
            "transfer closed",
            "Recv failure",
            "Send failure",
            "SSL_ERROR_SYSCALL",
            "TLS connection was non-properly terminated",
            "HTTP/2 stream",
            "kex_exchange_identification",
        ],
    ),
    // In the words of curl with GnuTLS and with OpenSSL.
    (
        GitFailure::Insecure,
        &[
            "server certificate verification failed",
            "server verification failed",
            "does not match target host",
            "no alternative certificate subject name",
            "SSL certificate",
            "SSL peer certificate",
            "certificate verify failed",
            "error setting certificate",
            "gnutls_handshake() failed",
            "SSL_connect:",
            "SSL routines",
        ],
    ),
    (
        GitFailure::AccessRefused,
        &[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "Permission denied",
            "Host key verification failed",
            "Access denied",
        ],
    ),
    (
        GitFailure::RepositoryNotFound,
        &[
            "does not appear to be a git repository",
            "Repository not found",
            "' not found",
            "not valid: is this a git repository?",
        ],
    ),
    (
        GitFailure::RefNotFound,
        &[
            "couldn't find remote ref",
            "Couldn't find remote ref",
            "not our ref",
            "unadvertised object",
            "no such remote ref",
        ],
    ),
    (
        GitFailure::Corrupt,
        &[
            "index-pack",
            "fsck error",
            "error in object",
            "bad object",
            "corrupt",
            "is damaged",
            "invalid index-pack output",
            "unable to read tree",
            "did not send all necessary objects",
            "not a git repository:",
        ],
    ),
    // Only if nothing above matches.
    (
        GitFailure::Network,
        &[
            "hung up unexpectedly",
            "RPC failed",
            "unable to access",
            "timed out",
        ],
    ),
];

/// The line of a server whose repository lacks objects.
const INCOMPLETE: &str = "aborting due to possible repository corruption on the remote side";

impl GitFailure {
    fn hint(self) -> Hint {
        hint!(match self {
            Self::Network | Self::Unknown => "try again later",
            Self::Insecure =>
                "for a private certificate authority, set SSL_CERT_FILE to its certificate or SSL_CERT_DIR to a folder of certificates; otherwise check the address and this machine's clock",
            Self::RepositoryNotFound => {
                "check the address; a private repository needs a token in GROUNDPLAN_GIT_TOKEN"
            }
            Self::RefNotFound => "check the name of the branch, tag or commit",
            Self::NotEmpty => "push to an empty repository, or choose another name",
            Self::WorkflowScope =>
                "give the token the scope `workflow`, or leave workflow files out",
            Self::Declined => "check its rules: protected branches, hooks, secret scanning",
            Self::TooLargeForIt => "keep large files out of the template",
            Self::AccessRefused => {
                "set GROUNDPLAN_GIT_TOKEN to a token that may read it; for ssh, load the key into the agent and add the host to known_hosts"
            }
            Self::Sha256 => {
                "name a repository with SHA-1 object ids, or a folder with the files alone"
            }
            Self::Incomplete => {
                "complete it with `git fetch --refetch --no-filter`, or name the repository that it was cloned from"
            }
            Self::Redirected => "use the new address: redirects are not followed",
            Self::Corrupt => {
                "the repository contains objects that git refuses: tell its owner, or name another reference"
            }
        })
    }

    fn of(output: &str) -> Self {
        // Over http only the server itself tells the reason.
        if output.contains(INCOMPLETE) {
            return Self::Incomplete;
        }
        // Lines of the server are for people and decide nothing.
        let own = output
            .lines()
            .filter(|line| !line.starts_with("remote:"))
            .collect::<Vec<_>>()
            .join("\n");
        if let Some(failure) = status(&own).and_then(Self::of_status) {
            return failure;
        }
        let has = |parts: &[&str]| parts.iter().any(|part| own.contains(part));
        SIGNALS
            .into_iter()
            .find(|(_, parts)| has(parts))
            .map_or(Self::Unknown, |(failure, _)| failure)
    }

    fn of_status(status: u16) -> Option<Self> {
        match status {
            301 | 302 | 303 | 307 | 308 => Some(Self::Redirected),
            401 | 403 | 407 => Some(Self::AccessRefused),
            404 | 410 => Some(Self::RepositoryNotFound),
            413 => Some(Self::TooLargeForIt),
            408 | 425 | 429 | 500..=599 => Some(Self::Network),
            _ => None,
        }
    }
}

/// The HTTP status in `The requested URL returned error: 429` or `RPC failed; HTTP 502 curl 22`.
fn status(output: &str) -> Option<u16> {
    ["returned error: ", "RPC failed; HTTP "]
        .into_iter()
        .find_map(|before| {
            let at = output.find(before)? + before.len();
            let digits = output[at..].chars().take_while(char::is_ascii_digit);
            digits.collect::<String>().parse().ok()
        })
}

/// The longest answer in a message, in characters.
const MAX_SHOWN: usize = 500;

fn as_line(output: &str) -> String {
    let lines: Vec<&str> = output
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let start: String = lines.join("; ").chars().take(MAX_SHOWN).collect();
    sanitize::line(&start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_git_are_told_apart_and_the_network_comes_first() {
        for (said, why) in [
            (
                "fatal: unable to access 'https://x/': Could not resolve host: x",
                GitFailure::Network,
            ),
            (
                "fatal: unable to access 'https://x/': The requested URL returned error: 429",
                GitFailure::Network,
            ),
            (
                "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\nfatal: expected flush",
                GitFailure::Network,
            ),
            (
                "fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output",
                GitFailure::Network,
            ),
            (
                "ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote repository.",
                GitFailure::Network,
            ),
            (
                "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none",
                GitFailure::Insecure,
            ),
            (
                "fatal: unable to access 'https://x/': SSL: certificate subject name (y) does not match target hostname 'x'",
                GitFailure::Insecure,
            ),
            (
                "fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate",
                GitFailure::Insecure,
            ),
            (
                "fatal: unable to access 'https://x/': gnutls_handshake() failed: The TLS connection was non-properly terminated.",
                GitFailure::Network,
            ),
            (
                "fatal: unable to access 'https://x/': The requested URL returned error: 403",
                GitFailure::AccessRefused,
            ),
            (
                "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
                GitFailure::AccessRefused,
            ),
            (
                "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                GitFailure::AccessRefused,
            ),
            (
                "fatal: unable to access 'https://x/': The requested URL returned error: 301",
                GitFailure::Redirected,
            ),
            (
                "remote: Not Found\nfatal: repository 'https://h/x/' not found",
                GitFailure::RepositoryNotFound,
            ),
            (
                "fatal: '/x' does not appear to be a git repository",
                GitFailure::RepositoryNotFound,
            ),
            (
                "fatal: couldn't find remote ref v9",
                GitFailure::RefNotFound,
            ),
            (
                "fatal: remote error: upload-pack: not our ref 4b82",
                GitFailure::RefNotFound,
            ),
            (
                "error: object 4b82: hasDotgit: contains '.git'\nfatal: fsck error in packed object\nfatal: fetch-pack: invalid index-pack output",
                GitFailure::Corrupt,
            ),
            (
                "remote: Could not resolve host\nfatal: something new",
                GitFailure::Unknown,
            ),
            (
                "To https://h/x\n!\trefs/heads/main:refs/heads/main\t[rejected] (stale info)\nDone",
                GitFailure::NotEmpty,
            ),
            (
                "!\trefs/heads/main:refs/heads/main\t[remote rejected] (pre-receive hook declined)\nerror: failed to push some refs",
                GitFailure::Declined,
            ),
            (
                "!\trefs/heads/main:refs/heads/main\t[remote rejected] (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml` without `workflow` scope)",
                GitFailure::WorkflowScope,
            ),
            (
                "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413",
                GitFailure::TooLargeForIt,
            ),
            ("", GitFailure::Unknown),
        ] {
            assert_eq!(GitFailure::of(said), why, "{said}");
        }
    }

    #[test]
    fn an_answer_is_one_short_line_that_steers_no_terminal() {
        assert_eq!(
            as_line("remote: \u{1b}[31mred\nfatal: x\n"),
            "remote: \\u{1b}[31mred; fatal: x"
        );
        assert_eq!(as_line(&"x".repeat(9000)).len(), MAX_SHOWN);
    }
}
