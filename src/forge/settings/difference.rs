//! Differences of a repository from the settings that it needs.

use super::BRANCH;
use super::documents::LabelJson;
use crate::model::repository_settings::{
    AccountName, BranchProtection, CollaboratorRole, FirstIssue, Label,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// The fields of a protection that both forges have.
pub(super) const APPROVALS: &str = "approvals";
pub(super) const STALE_APPROVALS: &str = "dismissal of stale approvals";
pub(super) const ADMINISTRATORS: &str = "inclusion of administrators";

/// A setting that a repository does not have as it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingDifference {
    /// The setting: "label `bug`", "protection of `main`: approvals".
    pub setting: String,
    pub expected: String,
    pub found: String,
    /// True if nothing is left to set: an account has yet to accept its invitation.
    pub is_pending: bool,
    /// The next step for a person.
    pub help: String,
}

/// The access of an account to a repository.
pub(super) enum RepositoryAccess {
    Has,
    Invited,
    Lacks,
}

impl SettingDifference {
    pub(super) fn missing(setting: String) -> Self {
        Self {
            setting,
            expected: "present".to_owned(),
            found: "missing".to_owned(),
            is_pending: false,
            help: String::new(),
        }
    }

    /// A difference of one field of the protection; none if both values are equal.
    pub(super) fn of_protection<T: PartialEq + fmt::Display>(
        field: &str,
        expected: &T,
        found: &T,
    ) -> Option<Self> {
        (expected != found).then(|| Self {
            setting: format!("{}: {field}", protection_name()),
            expected: expected.to_string(),
            found: found.to_string(),
            is_pending: false,
            help: "set it in the repository's settings for branches".to_owned(),
        })
    }

    /// A branch without the protection that it needs.
    pub(super) fn unprotected(needed: &BranchProtection) -> Self {
        Self {
            expected: needed.to_string(),
            found: "none".to_owned(),
            help: "protect it in the repository's settings for branches".to_owned(),
            ..Self::missing(protection_name())
        }
    }

    /// A protection where there is to be none.
    pub(super) fn protected() -> Self {
        Self {
            expected: "none".to_owned(),
            found: "protected".to_owned(),
            help: "remove the protection, or choose another way of writing with `groundplan update --select`".to_owned(),
            ..Self::missing(protection_name())
        }
    }
}

impl fmt::Display for SettingDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            expected,
            found,
            ..
        } = self;
        write!(formatter, "{setting} is {found} instead of {expected}")
    }
}

pub(super) fn label_name(label: &Label) -> String {
    format!("label `{}`", label.name)
}

pub(super) fn collaborator_name(account: &AccountName) -> String {
    format!("collaborator `{account}`")
}

pub(super) fn protection_name() -> String {
    format!("protection of `{BRANCH}`")
}

pub(super) fn issue_name(issue: &FirstIssue) -> String {
    format!("issue `{}`", issue.title)
}

pub(super) fn label_difference(label: &Label, found: &[LabelJson]) -> Option<SettingDifference> {
    let text = |color: &str, description: &str| format!("#{color} {description:?}");
    let description = label.description.as_ref().map_or("", |line| line.as_str());
    let setting = label_name(label);
    let Some(found) = found.iter().find(|one| one.is(label.name.as_str())) else {
        return Some(SettingDifference {
            help: format!(
                "create it with the colour #{} and the description {description:?}",
                label.color
            ),
            ..SettingDifference::missing(setting)
        });
    };
    let expected = text(label.color.as_str(), description);
    let found = text(&found.color(), found.description());
    (expected != found).then(|| SettingDifference {
        setting,
        expected,
        found,
        is_pending: false,
        help: "edit the label on the forge".to_owned(),
    })
}

pub(super) fn access_difference(
    account: &AccountName,
    role: CollaboratorRole,
    access: &RepositoryAccess,
) -> Option<SettingDifference> {
    let (found, is_pending, help) = match access {
        RepositoryAccess::Has => return None,
        RepositoryAccess::Invited => (
            "invited",
            true,
            format!("accept the invitation as `{account}`"),
        ),
        RepositoryAccess::Lacks => (
            "no collaborator",
            false,
            format!("give `{account}` the role {role}"),
        ),
    };
    Some(SettingDifference {
        setting: collaborator_name(account),
        expected: role.to_string(),
        found: found.to_owned(),
        is_pending,
        help,
    })
}
