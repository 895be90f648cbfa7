//! What a preview learned of the forge that a repository is for: facts with a date, which may have changed since.

use super::digest::GitId;
use super::input::{Owner, RepoName};
use super::timestamp::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a forge said, and when. It is advice: only the publishing itself proves anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preflight {
    pub checked_at: Timestamp,
    pub kind: ForgeKind,
    /// The forge's host, or the folder of a local one.
    pub host: String,
    pub facts: Vec<Fact>,
}

/// Whose API is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForgeKind {
    Github,
    Forgejo,
    Local,
}

/// One thing that was learned, or that could not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "fact",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Fact {
    /// Whose token it is.
    Account { login: String },
    /// What the token was given, and what publishing this repository needs besides. The forge may not say.
    Scopes {
        given: Option<BTreeSet<String>>,
        missing: BTreeSet<String>,
    },
    /// When the token ends; nothing where it does not, or the forge does not say.
    Expiry { at: Option<Timestamp> },
    /// Whether an unfinished repository can be removed again.
    Removal { allowed: Answer },
    /// How many requests the forge still answers.
    Budget {
        left: u64,
        limit: u64,
        resets_at: Option<Timestamp>,
    },
    /// Whether a repository can be made for the owner.
    Owner {
        owner: Owner,
        /// Nothing where the forge does not know the owner, or hides it.
        kind: Option<OwnerKind>,
        standing: OwnerStanding,
        /// Why it is blocked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// What stands at the repository's name.
    Name {
        owner: Owner,
        repo: RepoName,
        standing: NameStatus,
    },
    /// Where the template was read from, just now or as the template cache has it.
    Template {
        repo: String,
        r#ref: String,
        sha: Option<GitId>,
    },
    /// A question without an answer.
    Unanswered { question: Question, reason: String },
}

/// What can be said of a permission beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    Yes,
    No,
    Unknown,
}

/// Who an owner is, seen from the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerKind {
    Myself,
    Organisation,
    SomebodyElse,
}

/// Whether a repository can be made for an owner, as far as can be seen without trying (R82).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerStanding {
    Visible,
    Unknown,
    PolicyBlocked,
}

/// What stands at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NameStatus {
    /// Nothing that the token can see.
    Free,
    Taken,
    /// A pointer to a repository that was renamed.
    Redirect,
}

/// What a forge is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    Account,
    Owner,
    Name,
}

impl OwnerStanding {
    /// The word for it, in documents and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Unknown => "unknown",
            Self::PolicyBlocked => "policy-blocked",
        }
    }
}

impl ForgeKind {
    /// The word for it, in documents and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Forgejo => "forgejo",
            Self::Local => "local",
        }
    }
}

impl Question {
    /// The word for it on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Owner => "owner",
            Self::Name => "name",
        }
    }
}
