//! The findings of a preflight: certain and possible obstacles to publishing, each with its remedy.

use super::PlannedPublication;
use crate::base::pattern::pattern;
use crate::forge::denial::Denial;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::preflight::{OwnerKind, Question};
use crate::model::timestamp::Timestamp;

/// The time before its expiry at which a token gets a warning, in seconds.
const EXPIRES_SOON: i64 = 14 * 24 * 3600;
/// Publishing sends about ten requests, each up to four times.
const ENOUGH_REQUESTS: u64 = 50;
/// Pointers into the plan.
const OWNER: &str = "/inputs/owner";
const REPO: &str = "/inputs/repo";

pub(super) fn name_taken(publication: &PlannedPublication<'_>, full_name: &str) -> Diagnostic {
    let message = format!("`{full_name}` already exists on {}", publication.host);
    Diagnostic::error(Code::NameTaken, message)
        .at(REPO, None)
        .help("choose another `--repo`; existing repositories are never changed")
}

pub(super) fn name_redirects(publication: &PlannedPublication<'_>) -> Diagnostic {
    let PlannedPublication { repo, host, .. } = publication;
    let message = format!("`{repo}` on {host} redirects to a repository that was renamed or moved");
    Diagnostic::warning(Code::NameMoved, message)
        .at(REPO, None)
        .help("a new repository breaks links to the old name; choose another `--repo` to keep them")
}

pub(super) fn token_refused(publication: &PlannedPublication<'_>, reason: &str) -> Diagnostic {
    let message = format!("{} rejects the token: {reason}", publication.host);
    Diagnostic::error(Code::TokenRefused, message).help(
        "create a new classic token with the scope `repo`; this one is invalid, revoked or expired",
    )
}

pub(super) fn missing_scopes(publication: &PlannedPublication<'_>, missing: &[&str]) -> Diagnostic {
    let names = format!("`{}`", missing.join("` and `"));
    let plural = if missing.len() > 1 { "s" } else { "" };
    let message = format!(
        "the token for {} lacks the scope{plural} {names}",
        publication.host
    );
    let reason = if missing.contains(&"workflow") {
        "GitHub accepts files below `.github/workflows` only with `workflow`"
    } else {
        "it is needed to create a private repository and to push to it"
    };
    Diagnostic::error(Code::MissingScope, message).help(format!("give the token {names}: {reason}"))
}

/// A scope that the forge names in its denial, as Forgejo and Gitea do; of several, one is enough.
pub(super) fn denied_scope(publication: &PlannedPublication<'_>, reason: &str) -> Diagnostic {
    let host = &publication.host;
    let message = match pattern!(r"required(?: scope\(s\))?[=:] ?\[([a-z:, ]+)\]").captures(reason)
    {
        Some(found) => {
            let scopes: Vec<&str> = found[1].split(',').map(str::trim).collect();
            let listed = scopes.join("` or `");
            format!("the token for {host} lacks the scope `{listed}`")
        }
        None => format!("the token for {host} lacks a scope: {reason}"),
    };
    Diagnostic::error(Code::MissingScope, message)
        .help("add the scope to the token, or create a new token")
}

/// A warning for a token that expires within two weeks or has expired; `remaining` is in seconds.
pub(super) fn expiry(
    publication: &PlannedPublication<'_>,
    remaining: i64,
    at: &Timestamp,
) -> Option<Diagnostic> {
    let host = &publication.host;
    let message = match remaining {
        ..=0 => format!("the token for {host} expired at {at}"),
        1..EXPIRES_SOON => {
            let days = match remaining / (24 * 3600) {
                0 => "in less than a day".to_owned(),
                1 => "in one day".to_owned(),
                days => format!("in {days} days"),
            };
            format!("the token for {host} expires {days}, at {at}")
        }
        _ => return None,
    };
    Some(Diagnostic::warning(Code::TokenExpires, message).help("create a new token before that"))
}

/// The reason for which no repository can be created for an owner.
pub(super) fn denial_reason(kind: OwnerKind, denial: Denial) -> String {
    match kind {
        OwnerKind::OtherUser => {
            "it is another user, and only that user creates repositories there".to_owned()
        }
        OwnerKind::CurrentUser | OwnerKind::Organisation => denial.to_string(),
    }
}

pub(super) fn owner_closed(
    publication: &PlannedPublication<'_>,
    kind: OwnerKind,
    denial: Denial,
) -> Diagnostic {
    let message = format!(
        "the token cannot create repositories for `{}` on {}: {}",
        publication.repo.owner,
        publication.host,
        denial_reason(kind, denial)
    );
    let help = match kind {
        OwnerKind::OtherUser => {
            "choose another `--owner`; `groundplan owners` lists them".to_owned()
        }
        OwnerKind::CurrentUser | OwnerKind::Organisation => denial
            .hint()
            .render(|setting| format!("`--{}`", setting.name())),
    };
    Diagnostic::error(Code::OwnerClosed, message)
        .at(OWNER, None)
        .help(help)
}

pub(super) fn owner_right_unknown(publication: &PlannedPublication<'_>) -> Diagnostic {
    let (owner, host) = (&publication.repo.owner, &publication.host);
    let message =
        format!("{host} does not show whether the token may create repositories for `{owner}`");
    Diagnostic::warning(Code::OwnerUnknown, message)
        .at(OWNER, None)
        .help("publish to find out; a refusal leaves nothing behind")
}

pub(super) fn unknown_owner(publication: &PlannedPublication<'_>) -> Diagnostic {
    let (owner, host) = (&publication.repo.owner, &publication.host);
    let message = format!("`{owner}` does not exist on {host}, or the token cannot see it");
    Diagnostic::warning(Code::OwnerUnknown, message)
        .at(OWNER, None)
        .help("check the spelling of `--owner`; `groundplan owners` lists the known ones")
}

pub(super) fn no_removal(publication: &PlannedPublication<'_>) -> Diagnostic {
    let message = format!(
        "the token for {} cannot delete repositories, so an unfinished one would stay",
        publication.host
    );
    Diagnostic::warning(Code::NoRemoval, message).help(
        "give it the scope `delete_repo`, or delete an unfinished repository with the command shown then",
    )
}

pub(super) fn rate_limit(
    publication: &PlannedPublication<'_>,
    remaining: u64,
    resets_at: Option<&Timestamp>,
) -> Option<Diagnostic> {
    if remaining >= ENOUGH_REQUESTS {
        return None;
    }
    let message = format!(
        "{} answers only {remaining} more requests",
        publication.host
    );
    let help = match resets_at {
        Some(time) => format!("wait until {time}"),
        None => "wait an hour".to_owned(),
    };
    Some(Diagnostic::warning(Code::LowBudget, message).help(help))
}

pub(super) fn unanswered(
    publication: &PlannedPublication<'_>,
    question: Question,
    reason: &str,
) -> Diagnostic {
    let (repo, host) = (&publication.repo, &publication.host);
    let (subject, pointer) = match question {
        Question::Account => (format!("the account of the token for {host}"), ""),
        Question::Owner => (
            format!(
                "the right to create repositories for `{}` on {host}",
                repo.owner
            ),
            OWNER,
        ),
        Question::Name => (format!("the availability of `{repo}` on {host}"), REPO),
    };
    let message = format!("{subject} is unknown: {reason}");
    Diagnostic::warning(Code::Unanswered, message)
        .at(pointer, None)
        .help("the preview is complete without the forge; run it again for this check")
}
