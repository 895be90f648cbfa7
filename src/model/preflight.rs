//! Facts about the forge of a planned repository, with the time of the check.

use super::digest::GitId;
use super::input::{Owner, RepoName};
use super::timestamp::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The facts that a preview learned from a forge. They may be outdated when the repository is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preflight {
    pub checked_at: Timestamp,
    pub kind: ForgeKind,
    /// The forge's host, or the folder of a local one.
    pub host: String,
    pub facts: Vec<Fact>,
}

/// The API of a forge.
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

/// A fact about the forge, or a question that it did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "fact",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Fact {
    /// The owner of the token.
    Account { login: String },
    /// The scopes of the token, none if the forge does not show them, and the missing ones.
    Scopes {
        given: Option<BTreeSet<String>>,
        missing: BTreeSet<String>,
    },
    /// The end of the token; none if it has no end or the forge does not show it.
    Expiry { at: Option<Timestamp> },
    /// The permission to delete an unfinished repository.
    Removal { allowed: Permission },
    /// The remaining requests of the rate limit.
    Budget {
        left: u64,
        limit: u64,
        resets_at: Option<Timestamp>,
    },
    /// The permission to create a repository for the owner.
    Owner {
        owner: Owner,
        /// None if the forge does not know the owner or hides it.
        kind: Option<OwnerKind>,
        standing: OwnerStanding,
        /// The reason of a block.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The availability of the repository name.
    Name {
        owner: Owner,
        repo: RepoName,
        standing: NameStatus,
    },
    /// The source of the template, from the network or the template cache.
    Template {
        repo: String,
        r#ref: String,
        sha: Option<GitId>,
    },
    /// The settings of the plan that a local forge does not keep.
    Settings { lost: Vec<String> },
    /// A question without an answer.
    Unanswered { question: Question, reason: String },
}

/// A permission, as far as it is known before publishing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    Yes,
    No,
    Unknown,
}

/// The relation of an owner to the token's account.
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

/// The permission to create repositories for an owner, as far as it is known without creating one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerStanding {
    Visible,
    Unknown,
    PolicyBlocked,
}

/// The availability of a repository name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NameStatus {
    /// No repository that the token can see.
    Free,
    Taken,
    /// The former name of a renamed repository.
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
    /// The word in documents and output.
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

    /// The word in documents and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Forgejo => "forgejo",
            Self::Local => "local",
        }
    }
}

impl Question {
    /// The word in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Owner => "owner",
            Self::Name => "name",
        }
    }
}
