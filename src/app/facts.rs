//! The facts of a forge in words.

use crate::model::preflight::{Fact, NameStatus, OwnerStanding, Permission};
use std::collections::BTreeSet;

/// A fact as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactLine {
    pub label: &'static str,
    pub text: String,
    pub tone: Tone,
}

/// The meaning of a fact for the creation of the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Good,
    Doubtful,
    Bad,
}

impl Tone {
    /// The meaning of an owner's standing.
    pub fn of_owner(standing: OwnerStanding) -> Self {
        match standing {
            OwnerStanding::Visible => Self::Good,
            OwnerStanding::Unknown => Self::Doubtful,
            OwnerStanding::PolicyBlocked => Self::Bad,
        }
    }
}

impl FactLine {
    /// A fact in words.
    pub fn of(fact: &Fact) -> Self {
        let (label, text, tone) = words(fact);
        Self { label, text, tone }
    }
}

fn words(fact: &Fact) -> (&'static str, String, Tone) {
    let neutral = Tone::Neutral;
    match fact {
        Fact::Account { login } => ("account", login.clone(), neutral),
        Fact::Scopes { given, missing } => {
            let listed = given
                .as_ref()
                .map_or_else(|| "the forge does not say".to_owned(), list);
            if missing.is_empty() {
                ("scopes", listed, neutral)
            } else {
                let text = format!("{listed}; missing: {}", list(missing));
                ("scopes", text, Tone::Bad)
            }
        }
        Fact::Expiry { at: Some(at) } => ("expires", at.to_string(), neutral),
        Fact::Expiry { at: None } => ("expires", "no expiry date".to_owned(), neutral),
        Fact::Removal { allowed } => {
            let (text, tone) = match allowed {
                Permission::Yes => ("allowed, for an undo", neutral),
                Permission::No => ("not allowed: no undo", Tone::Doubtful),
                Permission::Unknown => ("the forge does not say", neutral),
            };
            ("removal", text.to_owned(), tone)
        }
        Fact::Budget { left, limit, .. } => {
            let text = format!("{left} of {limit} requests left");
            ("budget", text, neutral)
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
            ("owner", text, Tone::of_owner(*standing))
        }
        Fact::Name {
            owner,
            repo,
            standing,
        } => {
            let (word, tone) = match standing {
                NameStatus::Free => ("free, as far as the token can see", Tone::Good),
                NameStatus::Taken => ("taken", Tone::Bad),
                NameStatus::Redirect => ("the old name of another repository", Tone::Doubtful),
            };
            ("name", format!("{owner}/{repo}: {word}"), tone)
        }
        Fact::Template {
            repo,
            r#ref: reference,
            ..
        } => {
            let text = format!("read from {repo} at {reference}");
            ("template", text, neutral)
        }
        Fact::Settings { lost } => {
            let text = format!("a local forge does not keep {}", lost.join("; "));
            ("settings", text, Tone::Doubtful)
        }
        Fact::Unanswered { question, reason } => {
            let text = format!("no answer: {reason}");
            (question.as_str(), text, Tone::Doubtful)
        }
    }
}

/// The scopes in one line.
pub fn list(scopes: &BTreeSet<String>) -> String {
    if scopes.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
    names.join(", ")
}
