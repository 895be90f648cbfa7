//! The account of a token, and the owners for whom it can create repositories.

use super::denial::Denial;
use crate::model::preflight::{OwnerKind, OwnerStanding, Permission};
use std::collections::BTreeSet;

/// The account of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub login: String,
    pub id: u64,
    /// The token's scopes; nothing where the forge does not list them.
    pub scopes: Option<BTreeSet<String>>,
    /// The token's expiry, in seconds since 1970; nothing where it has none or the forge does not show it.
    pub expires_at: Option<i64>,
    /// The forge's time of the answer, in seconds since 1970; nothing where it does not show it.
    pub answered_at: Option<i64>,
    /// The right to delete a repository.
    pub can_delete: Permission,
    /// Nothing where the forge does not count requests.
    pub rate_limit: Option<RateLimit>,
}

/// The owners for whom a token can create repositories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    pub options: Vec<OwnerOption>,
    /// False if the token may belong to more organisations than the forge listed.
    pub is_complete: bool,
}

/// An owner, and the right to create a repository there as far as the forge shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerOption {
    pub login: String,
    pub kind: OwnerKind,
    pub standing: OwnerStanding,
    /// The reason of [`OwnerStanding::PolicyBlocked`].
    pub denial: Option<Denial>,
}

/// The number of requests that the forge still answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    pub limit: u64,
    pub remaining: u64,
    /// The time at which the whole limit is available again, in seconds since 1970.
    pub resets_at: i64,
}

impl OwnerOption {
    /// A person's account. Only the person creates repositories there.
    pub(super) fn person(login: String, is_current_user: bool) -> Self {
        if is_current_user {
            Self {
                login,
                kind: OwnerKind::CurrentUser,
                standing: OwnerStanding::Visible,
                denial: None,
            }
        } else {
            Self {
                login,
                kind: OwnerKind::OtherUser,
                standing: OwnerStanding::PolicyBlocked,
                denial: Some(Denial::Policy),
            }
        }
    }

    /// An organisation. `right` is the right to create a repository, nothing where the forge does not show it.
    pub(super) fn organisation(login: String, right: Option<Result<(), Denial>>) -> Self {
        let (standing, denial) = match right {
            Some(Ok(())) => (OwnerStanding::Visible, None),
            None => (OwnerStanding::Unknown, None),
            Some(Err(denial)) => (OwnerStanding::PolicyBlocked, Some(denial)),
        };
        Self {
            login,
            kind: OwnerKind::Organisation,
            standing,
            denial,
        }
    }
}

impl Account {
    /// The scopes among `needed` that the token certainly lacks. A scope such as `repo` includes `repo:status`.
    pub fn missing_scopes<'s>(&self, needed: &[&'s str]) -> Vec<&'s str> {
        let Some(given) = &self.scopes else {
            return Vec::new();
        };
        let is_given = |scope: &str| {
            let parent = scope.split(':').next().unwrap_or(scope);
            given.contains(scope) || given.contains(parent)
        };
        needed
            .iter()
            .copied()
            .filter(|scope| !is_given(scope))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_missing_only_where_scopes_are_listed() {
        let account = |scopes: Option<&[&str]>| Account {
            login: "jane".to_owned(),
            id: 1,
            scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            expires_at: None,
            answered_at: None,
            can_delete: Permission::Unknown,
            rate_limit: None,
        };
        let needed = ["repo", "workflow", "repo:status"];
        assert_eq!(account(None).missing_scopes(&needed), Vec::<&str>::new());
        assert_eq!(account(Some(&[])).missing_scopes(&needed), needed);
        assert_eq!(
            account(Some(&["repo"])).missing_scopes(&needed),
            ["workflow"]
        );
    }
}
