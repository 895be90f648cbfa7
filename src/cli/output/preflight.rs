//! The preflight of a forge: requested for a preview, printed as one line per fact.

use crate::base::sanitize;
use crate::cli::error::Failure;
use crate::cli::output::terminal::{GREEN, RED, YELLOW};
use crate::model::preflight::{Fact, NameStatus, OwnerStanding, Permission, Preflight};
use anstyle::Style;
use std::collections::BTreeSet;
use std::io::Write;

/// Prints the facts.
pub(crate) fn print(preflight: &Preflight, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(
        out,
        "Forge: {} at {}, asked {}",
        preflight.kind.as_str(),
        sanitize::line(&preflight.host),
        preflight.checked_at
    )?;
    for fact in &preflight.facts {
        let (label, text, style) = line(fact);
        writeln!(
            out,
            "  {label:<9} {style}{}{style:#}",
            sanitize::line(&text)
        )?;
    }
    Ok(())
}

/// The colour of an owner's visibility.
pub(crate) fn colour(standing: OwnerStanding) -> Style {
    match standing {
        OwnerStanding::Visible => GREEN,
        OwnerStanding::Unknown => YELLOW,
        OwnerStanding::PolicyBlocked => RED,
    }
}

fn line(fact: &Fact) -> (&'static str, String, Style) {
    let plain = Style::new();
    match fact {
        Fact::Account { login } => ("account", login.clone(), plain),
        Fact::Scopes { given, missing } => {
            let given = given
                .as_ref()
                .map_or_else(|| "the forge does not say".to_owned(), list);
            if missing.is_empty() {
                ("scopes", given, plain)
            } else {
                (
                    "scopes",
                    format!("{given}; missing: {}", list(missing)),
                    RED,
                )
            }
        }
        Fact::Expiry { at: Some(at) } => ("expires", at.to_string(), plain),
        Fact::Expiry { at: None } => ("expires", "no expiry date".to_owned(), plain),
        Fact::Removal { allowed } => match allowed {
            Permission::Yes => ("removal", "allowed, for an undo".to_owned(), plain),
            Permission::No => ("removal", "not allowed: no undo".to_owned(), YELLOW),
            Permission::Unknown => ("removal", "the forge does not say".to_owned(), plain),
        },
        Fact::Budget { left, limit, .. } => {
            ("budget", format!("{left} of {limit} requests left"), plain)
        }
        Fact::Owner {
            owner,
            standing,
            reason,
            ..
        } => {
            let text = match reason {
                Some(reason) => format!("{owner}: {}, {reason}", standing.as_str()),
                None => format!("{owner}: {}", standing.as_str()),
            };
            ("owner", text, colour(*standing))
        }
        Fact::Name {
            owner,
            repo,
            standing,
        } => {
            let (word, style) = match standing {
                NameStatus::Free => ("free, as far as the token can see", GREEN),
                NameStatus::Taken => ("taken", RED),
                NameStatus::Redirect => ("the old name of another repository", YELLOW),
            };
            ("name", format!("{owner}/{repo}: {word}"), style)
        }
        Fact::Template {
            repo,
            r#ref: reference,
            ..
        } => (
            "template",
            format!("read from {repo} at {reference}"),
            plain,
        ),
        Fact::Unanswered { question, reason } => {
            (question.as_str(), format!("no answer: {reason}"), YELLOW)
        }
    }
}

/// The scopes in one line.
pub(crate) fn list(scopes: &BTreeSet<String>) -> String {
    if scopes.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
    names.join(", ")
}
