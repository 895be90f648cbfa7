//! The settings of a repository on its forge: the part of a plan that is not in its tree.

use super::input::Owner;
use super::limits;
use super::single_line::SingleLine;
use crate::base::pattern::pattern;
use crate::model::placeholder::PlaceholderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// The settings that a repository needs on its forge, beside its files. They are set after the push and read back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositorySettings {
    /// The labels of issues and pull requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, 50, _, _>")]
    pub labels: Vec<Label>,
    /// The accounts with a role in the repository, beside its owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, 50, _, _>")]
    pub collaborators: Vec<Collaborator>,
    /// The protection of the branch `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<BranchProtection>,
    /// The issues that the repository starts with, by title.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, 50, _, _>")]
    pub issues: Vec<FirstIssue>,
}

/// A label of issues and pull requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The name, at most 50 characters. A forge ignores its case.
    pub name: SingleLine,
    /// The colour as six hexadecimal digits, between quotes.
    pub color: LabelColor,
    /// The meaning in one sentence, at most 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<SingleLine>,
}

/// An account with a role in the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collaborator {
    /// The login, or a placeholder. The owner of the repository needs no role.
    pub account: AccountName,
    /// The smallest role that the account needs.
    pub role: CollaboratorRole,
}

/// The role of an account in a repository.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum CollaboratorRole {
    /// It pushes branches, and merges what the protection allows.
    Write,
    /// It also changes settings.
    Admin,
}

/// The protection of a branch: changes arrive by approved pull requests alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchProtection {
    /// False if the branch has no protection: every account with the role `write` pushes to it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The number of approvals that a change needs.
    #[serde(default)]
    #[schemars(range(max = 6))]
    #[serde(deserialize_with = "limits::range::<0, 6, _, _>")]
    pub approvals: u8,
    /// The accounts whose approvals count; all with the role `write` by default. GitHub takes them from its file of code
    /// owners, which the catalogue writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, 50, _, _>")]
    pub approvers: Vec<AccountName>,
    /// The accounts that merge; all with the role `write` by default. GitHub has no such list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, 50, _, _>")]
    pub mergers: Vec<AccountName>,
    /// True if a change of what was approved ends its approvals.
    #[serde(default = "yes")]
    pub dismiss_stale_approvals: bool,
    /// True if accounts with the role `admin` need the approvals, too.
    #[serde(default)]
    pub include_administrators: bool,
}

/// An issue that a new repository starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstIssue {
    /// The title, by which it is found again. Placeholders are replaced.
    pub title: SingleLine,
    /// The text in Markdown. Placeholders are replaced.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 10_000))]
    #[serde(deserialize_with = "limits::length::<0, 10_000, _, _>")]
    pub body: String,
    /// Names of labels of the same catalogue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[serde(deserialize_with = "limits::length::<0, 10, _, _>")]
    pub labels: Vec<SingleLine>,
}

/// The login of an account, or a placeholder such as `__AGENT__` for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName(String);

/// A colour as six hexadecimal digits in lower case: `d4c5f9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelColor(String);

/// A text that is neither a login nor a placeholder.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{}` is no login", text.escape_debug())]
pub struct AccountError {
    text: String,
}

/// A text that is no colour.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{}` is no colour of six hexadecimal digits", text.escape_debug())]
pub struct LabelColorError {
    text: String,
}

fn yes() -> bool {
    true
}

impl RepositorySettings {
    /// True if the forge needs nothing beside the files.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The settings of both. Protection and collaborators of `other` replace those for the same branch and account.
    pub fn extend(&mut self, other: &Self) {
        self.labels.extend(other.labels.iter().cloned());
        self.issues.extend(other.issues.iter().cloned());
        for collaborator in &other.collaborators {
            self.collaborators
                .retain(|one| one.account != collaborator.account);
            self.collaborators.push(collaborator.clone());
        }
        if other.protection.is_some() {
            self.protection.clone_from(&other.protection);
        }
    }

    /// The settings with their placeholders replaced by `fill`, for a repository of `owner`, which needs no role.
    ///
    /// # Errors
    /// An account whose replaced text is no login.
    pub fn filled(
        &self,
        owner: &Owner,
        fill: impl Fn(&str) -> String,
    ) -> Result<Self, AccountError> {
        let login = |account: &AccountName| AccountName::login(&fill(account.as_str()));
        let logins = |accounts: &[AccountName]| {
            let mut logins: Vec<AccountName> =
                accounts.iter().map(login).collect::<Result<_, _>>()?;
            logins.sort_unstable();
            logins.dedup();
            Ok(logins)
        };
        let mut roles: BTreeMap<AccountName, CollaboratorRole> = BTreeMap::new();
        for Collaborator { account, role } in &self.collaborators {
            let account = login(account)?;
            if !account.is(owner.as_str()) {
                let highest = roles.entry(account).or_insert(*role);
                *highest = (*highest).max(*role);
            }
        }
        let collaborators = roles
            .into_iter()
            .map(|(account, role)| Collaborator { account, role });
        let protection = self.protection.as_ref().map(|protection| {
            Ok(BranchProtection {
                approvers: logins(&protection.approvers)?,
                mergers: logins(&protection.mergers)?,
                ..protection.clone()
            })
        });
        let issue = |issue: &FirstIssue| FirstIssue {
            // A value may be longer than a line of a catalogue; forges cut no title of this length.
            title: SingleLine::parse(&fill(issue.title.as_str()))
                .unwrap_or_else(|_| issue.title.clone()),
            body: fill(&issue.body),
            labels: issue.labels.clone(),
        };
        Ok(Self {
            labels: self.labels.clone(),
            collaborators: collaborators.collect(),
            protection: protection.transpose()?,
            issues: self.issues.iter().map(issue).collect(),
        })
    }

    /// One line for each kind of setting, for people.
    pub fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.labels.is_empty() {
            let names: Vec<&str> = self.labels.iter().map(|one| one.name.as_str()).collect();
            lines.push(format!("labels: {}", names.join(", ")));
        }
        for Collaborator { account, role } in &self.collaborators {
            lines.push(format!("collaborator: {account} with the role {role}"));
        }
        if let Some(protection) = &self.protection {
            lines.push(format!("main: {protection}"));
        }
        for issue in &self.issues {
            lines.push(format!("issue: {}", issue.title));
        }
        lines
    }
}

impl AccountName {
    /// The longest login, in characters. A placeholder may be longer.
    pub const MAX: usize = PlaceholderName::MAX + 4;
    const PATTERN: &'static str = "^[A-Za-z0-9_-]+$";
    const TOKEN: &'static str = "^__[A-Z][A-Z0-9]*(_[A-Z0-9]+)*__$";

    /// Parses a login or a placeholder.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        if pattern!(AccountName::TOKEN).is_match(text) {
            return Ok(Self(text.to_owned()));
        }
        Self::login(text)
    }

    /// Parses a login.
    pub fn login(text: &str) -> Result<Self, AccountError> {
        match Owner::parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(AccountError {
                text: text.to_owned(),
            }),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the placeholder, if it is one.
    pub fn placeholder(&self) -> Option<PlaceholderName> {
        let name = self.0.strip_prefix("__")?.strip_suffix("__")?;
        PlaceholderName::parse(name).ok()
    }

    /// True if a forge takes both for the same account: it ignores case.
    pub fn is(&self, login: &str) -> bool {
        self.0.eq_ignore_ascii_case(login)
    }
}

impl LabelColor {
    const MAX: usize = 6;
    const PATTERN: &'static str = "^[0-9a-f]{6}$";

    /// Parses a colour.
    pub fn parse(text: &str) -> Result<Self, LabelColorError> {
        if pattern!(LabelColor::PATTERN).is_match(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(LabelColorError {
            text: text.to_owned(),
        })
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CollaboratorRole {
    /// The name of the role, as Forgejo has it and GitHub shows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for CollaboratorRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Display for BranchProtection {
    /// One line: `protected: 1 approval by jane; merged by jane, planner-bot; administrators are exempt`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.enabled {
            return formatter.write_str("not protected");
        }
        let names = |accounts: &[AccountName]| {
            let names: Vec<&str> = accounts.iter().map(AccountName::as_str).collect();
            names.join(", ")
        };
        let noun = if self.approvals == 1 {
            "approval"
        } else {
            "approvals"
        };
        write!(formatter, "protected: {} {noun}", self.approvals)?;
        if !self.approvers.is_empty() {
            write!(formatter, " by {}", names(&self.approvers))?;
        }
        if !self.mergers.is_empty() {
            write!(formatter, "; merged by {}", names(&self.mergers))?;
        }
        formatter.write_str(if self.include_administrators {
            "; administrators included"
        } else {
            "; administrators exempt"
        })
    }
}

text_value!(AccountName, error: AccountError, format: "groundplan-account", max: AccountName::MAX, pattern: AccountName::PATTERN,
    doc: "The login of an account on the forge, or a placeholder for one.");
text_value!(LabelColor, error: LabelColorError, format: "groundplan-color", max: LabelColor::MAX, pattern: LabelColor::PATTERN,
    doc: "A colour as six hexadecimal digits in lower case.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_login_or_a_placeholder() {
        for text in ["planner-bot", "__AGENT__", "__GITHUB_OWNER__"] {
            assert_eq!(AccountName::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a b", "__agent__", "__AGENT", "a/b", "../x"] {
            assert!(AccountName::parse(text).is_err(), "{text}");
        }
        assert!(AccountName::login("__AGENT__").is_err());
    }

    #[test]
    fn the_owner_of_the_repository_needs_no_role() {
        let collaborator = |account: &str| Collaborator {
            account: AccountName::parse(account).unwrap(),
            role: CollaboratorRole::Write,
        };
        let settings = RepositorySettings {
            collaborators: vec![collaborator("__AGENT__"), collaborator("jane")],
            ..RepositorySettings::default()
        };
        let owner = Owner::parse("Acme").unwrap();
        let filled = settings.filled(&owner, |text| text.replace("__AGENT__", "acme"));
        assert_eq!(filled.unwrap().collaborators, [collaborator("jane")]);
        let unfilled = settings.filled(&owner, str::to_owned).unwrap_err();
        assert_eq!(unfilled.to_string(), "`__AGENT__` is no login");
    }
}
