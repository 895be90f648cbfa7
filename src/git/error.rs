//! GitFailure git did not do what was asked, by what one can do about it.

use crate::model::remote::RemoteUrl;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// GitFailure a call of git failed. No text in it holds a secret or a character that steers a terminal.
#[derive(Debug, Error)]
pub enum GitError {
    #[error("the program `git` was not found in PATH")]
    NotInstalled,
    #[error("git {found} is too old: {needed} or newer is needed")]
    TooOld { found: String, needed: String },
    #[error("cannot start `{program}`")]
    Start { program: PathBuf, source: io::Error },
    #[error("`{url}` is a folder of this machine, and those are not allowed here")]
    FileNotAllowed { url: RemoteUrl },
    #[error("`{url}` did not answer within {seconds} seconds")]
    TimedOut { url: RemoteUrl, seconds: u64 },
    #[error("`{url}` sends more than {limit} bytes")]
    TooLarge { url: RemoteUrl, limit: u64 },
    #[error("stopped by a signal")]
    Stopped,
    #[error("`{url}`: {why}{}", if answer.is_empty() { String::new() } else { format!(" ({answer})") })]
    Failed {
        url: RemoteUrl,
        why: GitFailure,
        /// What git printed, as one line.
        answer: String,
    },
}

/// What git's answer means.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum GitFailure {
    /// Worth trying again: the name service, the connection, too many requests, the server's own errors.
    #[error("the network or the server failed")]
    Network,
    #[error("there is no such repository, or it is not visible without a credential")]
    RepositoryNotFound,
    #[error("there is no such reference")]
    RefNotFound,
    /// A push found something where nothing was expected.
    #[error("it is not empty")]
    NotEmpty,
    /// The token may write, but not files that the forge runs.
    #[error("the token lacks the scope `workflow`, which a push of workflow files needs")]
    WorkflowScope,
    /// A rule of the other side: a protected branch, a hook, found secrets.
    #[error("a rule of the repository declines the push")]
    Declined,
    #[error("what is pushed is too large for it")]
    TooLargeForIt,
    #[error("access was refused")]
    AccessRefused,
    /// Redirects are not followed: the answer could lead to any machine.
    #[error("it has moved to another address")]
    Redirected,
    #[error("what came, or what was there, is damaged")]
    Corrupt,
    #[error("git failed")]
    Unknown,
}

impl GitError {
    /// The error for what git printed on standard error.
    pub(super) fn answered(url: RemoteUrl, said: &str) -> Self {
        Self::Failed {
            url,
            why: GitFailure::of(said),
            answer: as_line(said),
        }
    }

    /// Whether the same call may succeed later. What is final is known as such; everything else is worth a try.
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::TimedOut { .. } => true,
            Self::Failed { why, .. } => matches!(why, GitFailure::Network | GitFailure::Unknown),
            Self::NotInstalled
            | Self::TooOld { .. }
            | Self::Start { .. }
            | Self::FileNotAllowed { .. }
            | Self::TooLarge { .. }
            | Self::Stopped => false,
        }
    }

    /// What the answer means, when there was one.
    pub fn why(&self) -> Option<GitFailure> {
        match self {
            Self::Failed { why, .. } => Some(*why),
            _ => None,
        }
    }
}

/// The first list that has a part of the answer decides, so network signals come first: a connection that broke also
/// makes git say that the repository cannot be read.
const SIGNALS: [(GitFailure, &[&str]); 9] = [
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
    // Only when nothing above explains why.
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

impl GitFailure {
    fn of(said: &str) -> Self {
        // Lines of the other side are for people: they decide nothing here.
        let own: Vec<&str> = said
            .lines()
            .filter(|line| !line.starts_with("remote:"))
            .collect();
        let own = own.join("\n");
        if let Some(why) = status(&own).and_then(Self::of_status) {
            return why;
        }
        let has = |parts: &[&str]| parts.iter().any(|part| own.contains(part));
        SIGNALS
            .into_iter()
            .find(|(_, parts)| has(parts))
            .map_or(Self::Unknown, |(why, _)| why)
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
fn status(said: &str) -> Option<u16> {
    ["returned error: ", "RPC failed; HTTP "]
        .into_iter()
        .find_map(|before| {
            let at = said.find(before)? + before.len();
            let digits = said[at..].chars().take_while(char::is_ascii_digit);
            digits.collect::<String>().parse().ok()
        })
}

/// The longest answer that is shown, in characters.
const MAX_SHOWN: usize = 500;

fn as_line(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let mut shown = String::new();
    for c in lines.join("; ").chars().take(MAX_SHOWN) {
        if c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
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
