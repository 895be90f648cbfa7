//! The settings of a repository on its forge: the part of a plan that is not in its tree.

use super::input::{Owner, RepoName};
use super::limits;
use super::single_line::{SingleLine, SingleLineError};
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
    #[serde(deserialize_with = "limits::length::<0, {RepositorySettings::MAX}, _, _>")]
    pub labels: Vec<Label>,
    /// The accounts with a role in the repository, beside its owner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, {RepositorySettings::MAX}, _, _>")]
    pub collaborators: Vec<Collaborator>,
    /// The protection of the branch `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<BranchProtection>,
    /// The issues that the repository starts with, by title.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[serde(deserialize_with = "limits::length::<0, {RepositorySettings::MAX}, _, _>")]
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
    /// The account, or a placeholder. The owner of the repository needs no role.
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
    #[serde(deserialize_with = "limits::length::<0, {FirstIssue::MAX_BODY}, _, _>")]
    pub body: String,
    /// Names of labels of the same catalogue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[serde(deserialize_with = "limits::length::<0, 10, _, _>")]
    pub labels: Vec<SingleLine>,
}

/// An account of a forge, or a placeholder such as `__AGENT__` for one: the login of a user or an organisation, of a GitHub
/// App as `renovate[bot]`, or a team as `acme/reviewers`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountName(String);

/// A colour as six hexadecimal digits in lower case: `d4c5f9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelColor(String);

/// A text that is neither an account nor a placeholder.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{}` is no login", text.escape_debug())]
pub struct AccountError {
    text: String,
}

/// Settings that no forge can have once their placeholders are replaced.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FilledSettingsError {
    #[error("{0}, but the settings on the forge name it as an account")]
    Account(#[from] AccountError),
    #[error("title of issue `{title}` is invalid with its placeholders replaced: {error}")]
    Title {
        title: SingleLine,
        error: SingleLineError,
    },
    #[error(
        "text of issue `{title}` has {length} characters with its placeholders replaced, the maximum is {max}",
        max = FirstIssue::MAX_BODY
    )]
    Body { title: SingleLine, length: usize },
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
    /// The most entries of each list.
    pub const MAX: usize = 50;

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
    /// An account whose replaced text is none, or an issue that becomes too long.
    pub fn filled(
        &self,
        owner: &Owner,
        fill: impl Fn(&str) -> String,
    ) -> Result<Self, FilledSettingsError> {
        let login = |account: &AccountName| AccountName::account(&fill(account.as_str()));
        let logins = |accounts: &[AccountName]| {
            let mut logins: Vec<AccountName> =
                accounts.iter().map(login).collect::<Result<_, _>>()?;
            logins.sort_unstable();
            logins.dedup();
            Ok::<_, AccountError>(logins)
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
            Ok::<_, AccountError>(BranchProtection {
                approvers: logins(&protection.approvers)?,
                mergers: logins(&protection.mergers)?,
                ..protection.clone()
            })
        });
        let issues = self.issues.iter().map(|issue| issue.filled(&fill));
        Ok(Self {
            labels: self.labels.clone(),
            collaborators: collaborators.collect(),
            protection: protection.transpose()?,
            issues: issues.collect::<Result<_, _>>()?,
        })
    }

    /// The kinds of settings of which there are more than [`Self::MAX`], with their number.
    pub fn excess(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let lists = [
            ("labels", self.labels.len()),
            ("collaborators", self.collaborators.len()),
            ("issues", self.issues.len()),
        ];
        lists.into_iter().filter(|(_, found)| *found > Self::MAX)
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

impl FirstIssue {
    /// The longest text, in characters.
    pub const MAX_BODY: usize = 10_000;

    fn filled(&self, fill: impl Fn(&str) -> String) -> Result<Self, FilledSettingsError> {
        let title = SingleLine::parse(&fill(self.title.as_str()));
        let body = fill(&self.body);
        let length = body.chars().count();
        if length > Self::MAX_BODY {
            return Err(FilledSettingsError::Body {
                title: self.title.clone(),
                length,
            });
        }
        Ok(Self {
            title: title.map_err(|error| FilledSettingsError::Title {
                title: self.title.clone(),
                error,
            })?,
            body,
            labels: self.labels.clone(),
        })
    }
}

impl AccountName {
    /// The longest name, in characters: that of a team.
    pub const MAX: usize = Owner::MAX + 1 + RepoName::MAX;
    const PATTERN: &'static str = r"^[A-Za-z0-9_-]+(\[bot\])?(/[A-Za-z0-9_.-]+)?$";
    /// The end of the login of a GitHub App.
    const BOT: &'static str = "[bot]";

    /// Parses an account or a placeholder.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let name = Self(text.to_owned());
        if name.placeholder().is_some() {
            return Ok(name);
        }
        Self::account(text)
    }

    /// Parses an account.
    pub fn account(text: &str) -> Result<Self, AccountError> {
        let is_valid = match text.split_once('/') {
            // A team is named as a repository is.
            Some((organisation, team)) => {
                Owner::parse(organisation).is_ok() && RepoName::parse(team).is_ok()
            }
            None => Owner::parse(text.strip_suffix(Self::BOT).unwrap_or(text)).is_ok(),
        };
        if is_valid {
            return Ok(Self(text.to_owned()));
        }
        Err(AccountError {
            text: text.to_owned(),
        })
    }

    /// The organisation and the name of a team, if it is one.
    pub fn team(&self) -> Option<(&str, &str)> {
        self.0.split_once('/')
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
    doc: "An account on the forge, or a placeholder for one: a login, `renovate[bot]` for a GitHub App, `acme/reviewers` for a team.");
text_value!(LabelColor, error: LabelColorError, format: "groundplan-color", max: LabelColor::MAX, pattern: LabelColor::PATTERN,
    doc: "A colour as six hexadecimal digits in lower case.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_a_login_or_a_placeholder() {
        for text in [
            "planner-bot",
            "renovate[bot]",
            "acme/reviewers",
            "acme/site.reliability",
            "__AGENT__",
            "__GITHUB_OWNER__",
        ] {
            assert_eq!(AccountName::parse(text).unwrap().as_str(), text);
            assert!(pattern!(AccountName::PATTERN).is_match(text), "{text}");
        }
        for text in [
            "",
            "a b",
            "__agent__",
            "__AGENT",
            "../x",
            "[bot]",
            "acme/",
            "/team",
            "acme/a/b",
            "acme/x[bot]",
            "a[b]",
        ] {
            assert!(AccountName::parse(text).is_err(), "{text}");
        }
        assert!(AccountName::account("__AGENT__").is_err());
        let team = AccountName::parse("acme/reviewers").unwrap();
        assert_eq!(team.team(), Some(("acme", "reviewers")));
    }

    #[test]
    fn an_issue_must_not_become_too_long() {
        let settings = |title: &str, body: &str| RepositorySettings {
            issues: vec![FirstIssue {
                title: SingleLine::parse(title).unwrap(),
                body: body.to_owned(),
                labels: Vec::new(),
            }],
            ..RepositorySettings::default()
        };
        let owner = Owner::parse("acme").unwrap();
        let fill = |text: &str| text.replace("__WHY__", &"x".repeat(199));
        let filled = |title, body| settings(title, body).filled(&owner, fill);
        assert_eq!(
            filled("__WHY__.", "__WHY__"),
            Ok(settings(&fill("__WHY__."), &fill("__WHY__")))
        );
        assert_eq!(
            filled("__WHY__ so", "").unwrap_err().to_string(),
            "title of issue `__WHY__ so` is invalid with its placeholders replaced: text has 202 characters, the maximum is 200"
        );
        assert_eq!(
            filled("Why", &"__WHY__".repeat(51))
                .unwrap_err()
                .to_string(),
            "text of issue `Why` has 10149 characters with its placeholders replaced, the maximum is 10000"
        );
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
        assert_eq!(
            unfilled.to_string(),
            "`__AGENT__` is no login, but the settings on the forge name it as an account"
        );
    }
}
