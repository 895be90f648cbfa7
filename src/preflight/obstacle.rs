//! The findings: what stands in the way of publishing, or may, and what a person can do about it.

use super::judge::Intent;
use crate::forge::account::OwnerKind;
use crate::forge::error::Denial;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::preflight::Question;
use crate::model::timestamp::Timestamp;

/// A token that ends sooner is worth a word, in seconds.
const SOON: i64 = 14 * 24 * 3600;
/// Publishing makes ten calls, each read up to four times.
const ENOUGH: u64 = 50;
/// Where the plan holds what a finding is about.
const OWNER: &str = "/inputs/owner";
const REPO: &str = "/inputs/repo";

pub(super) fn name_taken(intent: &Intent<'_>, full_name: &str) -> Diagnostic {
    let message = format!("`{full_name}` already stands on {}", intent.host);
    Diagnostic::error(Code::NameTaken, message)
        .at(REPO, None)
        .help("choose another `--repo`; what is there is never touched")
}

pub(super) fn name_moved(intent: &Intent<'_>) -> Diagnostic {
    let Intent { place, host, .. } = intent;
    let message = format!("`{place}` on {host} points to a repository that was renamed or moved");
    Diagnostic::warning(Code::NameMoved, message)
        .at(REPO, None)
        .help("links by the old name end when a new repository takes it; choose another `--repo` to keep them")
}

pub(super) fn token_refused(intent: &Intent<'_>, reason: &str) -> Diagnostic {
    Diagnostic::error(
        Code::TokenRefused,
        format!("{} refuses the token: {reason}", intent.host),
    )
    .help("make a new classic token with the scope `repo`; this one is wrong, revoked or expired")
}

pub(super) fn missing_scopes(intent: &Intent<'_>, missing: &[&str]) -> Diagnostic {
    let names: Vec<String> = missing.iter().map(|scope| format!("`{scope}`")).collect();
    let (names, plural) = (
        names.join(" and "),
        if missing.len() > 1 { "s" } else { "" },
    );
    let message = format!(
        "the token for {} lacks the scope{plural} {names}",
        intent.host
    );
    let help = if missing.contains(&"workflow") {
        format!(
            "give the token {names}: GitHub takes files below `.github/workflows` only with `workflow`"
        )
    } else {
        format!("give the token {names}: private repositories are made and filled with it")
    };
    Diagnostic::error(Code::MissingScope, message).help(help)
}

/// A warning when the token ends within two weeks, or has ended by this machine's clock.
pub(super) fn expiry(intent: &Intent<'_>, at: i64, moment: &Timestamp) -> Option<Diagnostic> {
    let left = at.saturating_sub(intent.now);
    let host = &intent.host;
    let message = match left {
        ..=0 => format!("the token for {host} ended at {moment}"),
        1..SOON => {
            let days = left / (24 * 3600);
            let days = match days {
                0 => "in less than a day".to_owned(),
                1 => "in one day".to_owned(),
                _ => format!("in {days} days"),
            };
            format!("the token for {host} ends {days}, at {moment}")
        }
        _ => return None,
    };
    Some(Diagnostic::warning(Code::TokenExpires, message).help("make a new token in time"))
}

/// Why nothing can be made for an owner.
pub(super) fn why_closed(kind: OwnerKind, denial: Denial) -> String {
    match kind {
        OwnerKind::SomebodyElse => {
            "it is another person, who alone makes repositories there".to_owned()
        }
        OwnerKind::Myself | OwnerKind::Organisation => denial.to_string(),
    }
}

pub(super) fn owner_closed(intent: &Intent<'_>, kind: OwnerKind, denial: Denial) -> Diagnostic {
    let (owner, host) = (&intent.place.owner, &intent.host);
    let why = why_closed(kind, denial);
    let message = match kind {
        OwnerKind::SomebodyElse => format!("`{owner}` on {host} is not the token's: {why}"),
        OwnerKind::Myself | OwnerKind::Organisation => {
            format!("`{owner}` on {host} takes no new repository of this token's, {why}")
        }
    };
    let help = match (kind, denial) {
        (OwnerKind::SomebodyElse, _) => "choose another `--owner`; `groundplan owners` lists them",
        (_, Denial::Scopes) => "give the token the scope that the organisation asks for",
        (_, Denial::Saml) => "authorise the token for the organisation's single sign-on",
        (_, Denial::ClassicTokens) => {
            "ask the organisation to allow classic tokens, or choose another `--owner`"
        }
        (_, Denial::Address) => "try from an address that the organisation accepts",
        (_, Denial::Policy | Denial::Unstated) => {
            "ask the organisation's owners for the right to make repositories, or choose another `--owner`"
        }
    };
    Diagnostic::error(Code::OwnerClosed, message)
        .at(OWNER, None)
        .help(help)
}

pub(super) fn owner_unknown(intent: &Intent<'_>) -> Diagnostic {
    let (owner, host) = (&intent.place.owner, &intent.host);
    let message =
        format!("{host} does not say whether this token may make repositories for `{owner}`");
    Diagnostic::warning(Code::OwnerUnknown, message)
        .at(OWNER, None)
        .help("it may well work; publishing will tell, and leaves nothing behind if not")
}

pub(super) fn no_owner(intent: &Intent<'_>) -> Diagnostic {
    let (owner, host) = (&intent.place.owner, &intent.host);
    let message = format!("{host} knows no `{owner}`, or hides it from this token");
    Diagnostic::warning(Code::OwnerUnknown, message)
        .at(OWNER, None)
        .help("check the spelling of `--owner`; `groundplan owners` lists the known ones")
}

pub(super) fn no_removal(intent: &Intent<'_>) -> Diagnostic {
    let message = format!(
        "the token for {} may not remove repositories, so one that is not finished stays",
        intent.host
    );
    Diagnostic::warning(Code::NoRemoval, message).help(
        "give it the scope `delete_repo`, or remove what is left by the command that is shown then",
    )
}

pub(super) fn budget(
    intent: &Intent<'_>,
    left: u64,
    resets_at: Option<&Timestamp>,
) -> Option<Diagnostic> {
    if left >= ENOUGH {
        return None;
    }
    let message = format!("{} answers only {left} more requests", intent.host);
    let help = match resets_at {
        Some(moment) => format!("wait until {moment}"),
        None => "wait an hour".to_owned(),
    };
    Some(Diagnostic::warning(Code::LowBudget, message).help(help))
}

pub(super) fn unanswered(intent: &Intent<'_>, question: Question, reason: &str) -> Diagnostic {
    let (place, host) = (&intent.place, &intent.host);
    let (question, pointer) = match question {
        Question::Account => ("whose the token is".to_owned(), ""),
        Question::Owner => (
            format!("whether repositories can be made for `{}`", place.owner),
            OWNER,
        ),
        Question::Name => (format!("whether `{place}` is free"), REPO),
    };
    let message = format!("{host} does not say {question}: {reason}");
    Diagnostic::warning(Code::Unanswered, message)
        .at(pointer, None)
        .help("the preview itself needs no forge; run it again for this part")
}
