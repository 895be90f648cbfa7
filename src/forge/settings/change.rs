//! Sets the settings of a repository and reads them back.

use super::RepositoryClient;
use super::difference::{
    SettingDifference, access_difference, collaborator_name, issue_name, label_difference,
    label_name, protection_name,
};
use super::documents::LabelJson;
use crate::error::{Class, Explain, Hint};
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::model::repository_settings::RepositorySettings;
use std::fmt;
use thiserror::Error;

/// The settings of a repository are not, or not all, as they are needed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    #[error("cannot set {setting}: {error}{progress}")]
    Refused {
        setting: String,
        error: ForgeError,
        progress: Progress,
    },
    /// Every request succeeded, and the forge shows something else.
    #[error("the forge does not keep the settings: {}", joined(differences))]
    NotKept { differences: Vec<SettingDifference> },
    #[error("cannot read the settings of the repository: {0}")]
    Unread(ForgeError),
}

/// The settings that were read back after a change failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The settings that are as needed; none if they cannot be read.
    read: Option<(Vec<String>, Vec<SettingDifference>)>,
}

/// A change that the forge did not make.
struct FailedChange {
    setting: String,
    error: ForgeError,
}

impl RepositoryClient<'_> {
    /// Sets what differs from the needed settings, one after the other, and reads all of them again. Returns what is
    /// pending. Repeating it sets only what is left.
    pub async fn apply(
        &self,
        repo: &RepoPath,
        needed: &RepositorySettings,
    ) -> Result<Vec<SettingDifference>, SettingsError> {
        let changed = self.change(repo, needed).await;
        let read = self.compare(repo, needed).await;
        match (changed, read) {
            (_, Ok(differences)) if differences.iter().all(|one| one.is_pending) => Ok(differences),
            (Err(FailedChange { setting, error }), read) => {
                let set = |left: &Vec<SettingDifference>| names(needed, left);
                Err(SettingsError::Refused {
                    setting,
                    error,
                    progress: Progress {
                        read: read.ok().map(|left| (set(&left), left)),
                    },
                })
            }
            (Ok(()), Ok(differences)) => Err(SettingsError::NotKept { differences }),
            (Ok(()), Err(error)) => Err(SettingsError::Unread(error)),
        }
    }

    /// Labels come first, because issues name them, and collaborators before the protection, because a forge drops accounts
    /// without access from its lists.
    async fn change(
        &self,
        repo: &RepoPath,
        needed: &RepositorySettings,
    ) -> Result<(), FailedChange> {
        let labels = self.set_labels(repo, needed).await?;
        for collaborator in &needed.collaborators {
            let (account, role) = (&collaborator.account, collaborator.role);
            let failed = |error| FailedChange {
                setting: collaborator_name(account),
                error,
            };
            let access = self.access(repo, account, role).await.map_err(failed)?;
            if access_difference(account, role, &access).is_some_and(|one| !one.is_pending) {
                self.grant(repo, account, role).await.map_err(failed)?;
            }
        }
        if let Some(protection) = &needed.protection {
            let failed = |error| FailedChange {
                setting: protection_name(),
                error,
            };
            let differences = self.compare_protection(repo, protection).await;
            // A protection that is not needed is somebody's decision, and is shown instead of removed.
            if !differences.map_err(failed)?.is_empty() && protection.enabled {
                self.protect(repo, protection).await.map_err(failed)?;
            }
        }
        self.open_issues(repo, needed, &labels).await
    }

    async fn set_labels(
        &self,
        repo: &RepoPath,
        needed: &RepositorySettings,
    ) -> Result<Vec<LabelJson>, FailedChange> {
        if needed.labels.is_empty() {
            return Ok(Vec::new());
        }
        let unread = |error| FailedChange {
            setting: "labels".to_owned(),
            error,
        };
        let found = self.labels(repo).await.map_err(unread)?;
        let mut is_changed = false;
        for label in &needed.labels {
            if label_difference(label, &found).is_none() {
                continue;
            }
            let existing = found.iter().find(|one| one.is(label.name.as_str()));
            let done = match existing {
                Some(existing) => self.update_label(repo, existing, label).await,
                None => self.create_label(repo, label).await,
            };
            done.map_err(|error| FailedChange {
                setting: label_name(label),
                error,
            })?;
            is_changed = true;
        }
        // Issues name labels by the numbers that new ones have just got.
        if is_changed && !needed.issues.is_empty() {
            return self.labels(repo).await.map_err(unread);
        }
        Ok(found)
    }

    async fn open_issues(
        &self,
        repo: &RepoPath,
        needed: &RepositorySettings,
        labels: &[LabelJson],
    ) -> Result<(), FailedChange> {
        if needed.issues.is_empty() {
            return Ok(());
        }
        let found = self.issues(repo).await.map_err(|error| FailedChange {
            setting: "issues".to_owned(),
            error,
        })?;
        for issue in &needed.issues {
            if found.iter().any(|title| title == issue.title.as_str()) {
                continue;
            }
            let opened = self.open_issue(repo, issue, labels).await;
            opened.map_err(|error| FailedChange {
                setting: issue_name(issue),
                error,
            })?;
        }
        Ok(())
    }
}

/// The names of the needed settings that do not differ.
fn names(needed: &RepositorySettings, left: &[SettingDifference]) -> Vec<String> {
    let labels = needed.labels.iter().map(label_name);
    let accounts = needed.collaborators.iter();
    let collaborators = accounts.map(|one| collaborator_name(&one.account));
    let branch = needed.protection.iter();
    let protection = branch.map(|_| protection_name());
    let issues = needed.issues.iter().map(issue_name);
    let all = labels.chain(collaborators).chain(protection).chain(issues);
    all.filter(|name| !left.iter().any(|one| one.setting.starts_with(name)))
        .collect()
}

/// The next steps of differences, each of them once.
fn next_steps(differences: &[SettingDifference]) -> Hint {
    let mut steps: Vec<&str> = differences.iter().map(|one| one.help.as_str()).collect();
    steps.dedup();
    steps.join("; ").into()
}

fn joined(differences: &[SettingDifference]) -> String {
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

impl fmt::Display for Progress {
    /// Follows the error in the same line: `; set: label `bug`; left: protection of `main``.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((set, left)) = &self.read else {
            return formatter.write_str("; the settings cannot be read back");
        };
        let done = if set.is_empty() {
            "nothing".to_owned()
        } else {
            set.join(", ")
        };
        let open: Vec<&str> = left.iter().map(|one| one.setting.as_str()).collect();
        write!(formatter, "; set: {done}; left: {}", open.join(", "))
    }
}

impl Explain for SettingsError {
    fn class(&self) -> Class {
        match self {
            Self::Refused { error, .. } | Self::Unread(error) => error.class(),
            Self::NotKept { .. } => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused { error, .. } | Self::Unread(error) => error.code(),
            Self::NotKept { .. } => "settings_not_kept",
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Refused { .. } | Self::Unread(_) => None,
            Self::NotKept { differences } => Some(next_steps(differences)),
        }
    }

    fn inner(&self) -> Option<&dyn Explain> {
        match self {
            Self::Refused { error, .. } | Self::Unread(error) => Some(error),
            Self::NotKept { .. } => None,
        }
    }
}
