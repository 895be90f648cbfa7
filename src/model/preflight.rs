//! The answers of a forge in a preview: facts with a date, which may have changed since.

use super::digest::GitId;
use super::input::{Owner, RepoName};
use super::timestamp::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The answers of a forge and their time. They are advice: only publishing proves anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preflight {
    pub checked_at: Timestamp,
    pub kind: ForgeKind,
    /// The forge's host, or the folder of a local one.
    pub host: String,
    pub facts: Vec<Fact>,
}

/// The kinds of forges. All differences between kinds that other modules act on are methods of this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForgeKind {
    /// GitHub or GitHub Enterprise.
    Github,
    /// Forgejo or Gitea.
    Forgejo,
    /// A folder of bare repositories.
    Local,
}

/// One answer, or a question without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "fact",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Fact {
    /// The account of the token.
    Account { login: String },
    /// The token's scopes, where the forge lists them, and the missing ones that publishing needs.
    Scopes {
        given: Option<BTreeSet<String>>,
        missing: BTreeSet<String>,
    },
    /// The token's expiry; nothing where it has none or the forge does not show it.
    Expiry { at: Option<Timestamp> },
    /// The right to delete an unfinished repository.
    Removal { allowed: Permission },
    /// The number of requests that the forge still answers.
    Budget {
        left: u64,
        limit: u64,
        resets_at: Option<Timestamp>,
    },
    /// The right to create a repository for the owner.
    Owner {
        owner: Owner,
        /// Nothing where the owner is unknown or hidden from the token.
        kind: Option<OwnerKind>,
        standing: OwnerStanding,
        /// The reason of `policy-blocked`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The use of the repository's name.
    Name {
        owner: Owner,
        repo: RepoName,
        standing: NameStanding,
    },
    /// The origin of the template, read now or from the template cache.
    Template {
        repo: String,
        r#ref: String,
        sha: Option<GitId>,
    },
    /// A question without an answer.
    Unanswered { question: Question, reason: String },
}

/// A right, as far as the forge shows it before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    Yes,
    No,
    Unknown,
}

/// The relation of an owner to the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerKind {
    /// The user of the token.
    #[serde(rename = "myself")]
    CurrentUser,
    Organisation,
    /// Another user. Only that user creates repositories there.
    #[serde(rename = "somebody-else")]
    OtherUser,
}

/// The right to create a repository for an owner, as far as the forge shows it without an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerStanding {
    Visible,
    Unknown,
    PolicyBlocked,
}

/// The use of a repository's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NameStanding {
    /// No repository that the token can see.
    Free,
    Taken,
    /// A pointer to a repository that was renamed.
    Redirect,
}

/// A question to a forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    Account,
    Owner,
    Name,
}

impl OwnerStanding {
    /// The word in documents and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "visible",
            Self::Unknown => "unknown",
            Self::PolicyBlocked => "policy-blocked",
        }
    }
}

impl ForgeKind {
    /// All kinds, in the order of help texts.
    pub const ALL: [Self; 3] = [Self::Github, Self::Forgejo, Self::Local];

    /// True if requests and pushes need a token.
    pub fn has_tokens(self) -> bool {
        match self {
            Self::Github | Self::Forgejo => true,
            Self::Local => false,
        }
    }

    /// True if the address is a folder of this machine.
    pub fn is_folder(self) -> bool {
        !self.has_tokens()
    }

    /// True if the forge lists the scopes of every classic token.
    pub fn lists_scopes(self) -> bool {
        match self {
            Self::Github => true,
            Self::Forgejo | Self::Local => false,
        }
    }

    /// The address that needs no setting.
    pub fn default_url(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("https://github.com"),
            Self::Forgejo | Self::Local => None,
        }
    }

    /// The form of an address, for hints.
    pub fn url_form(self) -> &'static str {
        match self {
            Self::Github | Self::Forgejo => "an address such as `https://forge.example.org`",
            Self::Local => "the folder of repositories",
        }
    }

    /// One line for help texts.
    pub fn about(self) -> &'static str {
        match self {
            Self::Github => "GitHub, or GitHub Enterprise with `--forge-url`",
            Self::Forgejo => "Forgejo or Gitea at `--forge-url`",
            Self::Local => "A folder of bare repositories at `--forge-url`",
        }
    }

    /// The word in documents and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Forgejo => "forgejo",
            Self::Local => "local",
        }
    }
}

impl Question {
    /// The word on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Owner => "owner",
            Self::Name => "name",
        }
    }
}
