//! Documents of settings that GitHub and Forgejo write alike.

use crate::model::repository_settings::CollaboratorRole;
use serde::Deserialize;

/// A label.
#[derive(Deserialize)]
pub(super) struct LabelJson {
    pub(super) id: u64,
    pub(super) name: String,
    color: String,
    description: Option<String>,
}

/// The permission of an account.
#[derive(Deserialize)]
pub(super) struct RoleJson {
    permission: String,
}

/// A team with access to a repository.
#[derive(Deserialize)]
pub(super) struct TeamJson {
    name: String,
    /// The name in addresses of GitHub.
    slug: Option<String>,
    permission: String,
}

/// An invitation of GitHub.
#[derive(Deserialize)]
pub(super) struct InvitationJson {
    invitee: Option<LoginJson>,
    permissions: String,
}

/// An account, as far as it is compared.
#[derive(Deserialize)]
pub(super) struct LoginJson {
    pub(super) login: String,
}

#[derive(Deserialize)]
pub(super) struct IssueJson {
    pub(super) title: String,
}

impl LabelJson {
    /// True if a forge takes the name for that of this label: it ignores case.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.to_lowercase()
    }

    /// Six digits in lower case. Some versions write a number sign before them.
    pub(super) fn color(&self) -> String {
        self.color.trim_start_matches('#').to_ascii_lowercase()
    }

    pub(super) fn description(&self) -> &str {
        self.description.as_deref().unwrap_or("")
    }
}

impl RoleJson {
    pub(super) fn role(&self) -> Option<CollaboratorRole> {
        role(&self.permission)
    }
}

impl TeamJson {
    /// True if an account names this team: a forge ignores case.
    pub(super) fn is(&self, name: &str) -> bool {
        let own = self.slug.as_ref().unwrap_or(&self.name);
        own.eq_ignore_ascii_case(name)
    }

    pub(super) fn role(&self) -> Option<CollaboratorRole> {
        role(&self.permission)
    }
}

impl InvitationJson {
    pub(super) fn login(&self) -> Option<&str> {
        Some(&self.invitee.as_ref()?.login)
    }

    pub(super) fn role(&self) -> Option<CollaboratorRole> {
        role(&self.permissions)
    }
}

/// The role in the words of both forges; none for one that pushes nothing.
fn role(permission: &str) -> Option<CollaboratorRole> {
    match permission {
        "admin" | "owner" => Some(CollaboratorRole::Admin),
        "write" | "push" | "maintain" => Some(CollaboratorRole::Write),
        _ => None,
    }
}
