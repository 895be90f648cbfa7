//! Who acts on a forge, and for whom it may make repositories.

use super::error::Denial;
use std::collections::BTreeSet;

/// The account a credential belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub login: String,
    pub id: u64,
    /// What the credential was given; nothing where the forge does not say.
    pub scopes: Option<BTreeSet<String>>,
    /// When the credential ends, in seconds since 1970; nothing where it does not or the forge does not say.
    pub expires_at: Option<i64>,
    pub may_delete: Permission,
    /// How many requests are left, where the forge counts them.
    pub budget: Option<Budget>,
}

/// What can be said beforehand of something that a credential may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Yes,
    No,
    Unknown,
}

/// For whom repositories can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    pub options: Vec<OwnerOption>,
    /// Whether the forge showed every organisation; otherwise the credential may see less than there is.
    pub is_complete: bool,
}

/// One owner and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerOption {
    pub login: String,
    pub kind: OwnerKind,
    pub standing: OwnerStanding,
}

/// Who an owner is, seen from the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerKind {
    Myself,
    Organisation,
    /// Another person: nobody but that person makes repositories there.
    SomebodyElse,
}

/// Whether a repository can be made there, as far as can be seen without trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnerStanding {
    Visible,
    Unknown,
    PolicyBlocked(Denial),
}

/// How many requests the forge still answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub limit: u64,
    pub left: u64,
    /// When it is full again, in seconds since 1970.
    pub resets_at: i64,
}

impl OwnerOption {
    /// A person: the user, or somebody for whom nothing can be made.
    pub(super) fn person(login: String, is_me: bool) -> Self {
        let (kind, standing) = if is_me {
            (OwnerKind::Myself, OwnerStanding::Visible)
        } else {
            (
                OwnerKind::SomebodyElse,
                OwnerStanding::PolicyBlocked(Denial::Policy),
            )
        };
        Self {
            login,
            kind,
            standing,
        }
    }
}

impl Account {
    /// The scopes among these that the credential certainly lacks. `repo` holds what begins with `repo:`.
    pub fn lacks<'s>(&self, scopes: &[&'s str]) -> Vec<&'s str> {
        let Some(given) = &self.scopes else {
            return Vec::new();
        };
        let is_given = |scope: &str| {
            let parent = scope.split(':').next().unwrap_or(scope);
            given.contains(scope) || given.contains(parent)
        };
        let missing = scopes.iter().copied().filter(|scope| !is_given(scope));
        missing.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_is_not_listed_is_lacking_only_where_scopes_are_listed() {
        let account = |scopes: Option<&[&str]>| Account {
            login: "jane".to_owned(),
            id: 1,
            scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            expires_at: None,
            may_delete: Permission::Unknown,
            budget: None,
        };
        let wanted = ["repo", "workflow", "repo:status"];
        assert_eq!(account(None).lacks(&wanted), Vec::<&str>::new());
        assert_eq!(account(Some(&[])).lacks(&wanted), wanted);
        assert_eq!(account(Some(&["repo"])).lacks(&wanted), ["workflow"]);
    }
}
