//! The party that makes a request, and its rights.

use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::policy::Policy;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::id::{RunId, UserId};
use crate::store::run::{Run, RunFilter};
use thiserror::Error;

/// The party that makes a request, as the shell knows it. Demo users are refused by the store, in the transaction of
/// the change itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user, who acts on own products and runs only.
    User(UserId),
    /// A person with access to the database itself, who acts on the runs of all users under a name for the audit log.
    Operator(UserId),
}

/// The runs that a request covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    /// The runs of one user. All others look missing.
    Of(UserId),
}

/// An approval by a user whom the policy does not name as administrator.
#[derive(Debug, Error)]
#[error("`{user}` is not an administrator; nothing was approved")]
pub struct NotAdministrator {
    user: UserId,
}

impl Caller {
    /// The user in whose name a change is made.
    pub fn user(&self) -> &UserId {
        match self {
            Self::User(user) | Self::Operator(user) => user,
        }
    }

    /// Fails unless the policy names the caller as administrator.
    pub fn require_administrator(&self, policy: &Policy) -> Result<(), NotAdministrator> {
        if policy.is_administrator(self.user()) {
            return Ok(());
        }
        let user = self.user().clone();
        Err(NotAdministrator { user })
    }

    /// The runs that the caller may see and change.
    pub fn scope(&self) -> Scope {
        match self {
            Self::User(user) => Scope::Of(user.clone()),
            Self::Operator(_) => Scope::All,
        }
    }
}

impl Scope {
    /// The run with an id. A run outside the scope is reported as missing.
    pub async fn find_run(&self, store: &dyn Store, id: &RunId) -> Result<Run, StoreError> {
        let filter = RunFilter {
            user: self.user().cloned(),
            ..RunFilter::one(id)
        };
        let found = store.runs(&filter).await?.pop();
        found
            .ok_or_else(|| StoreError::NoRun { run: id.clone() })?
            .into_result("run")
    }

    /// The user whose runs the scope is limited to.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::All => None,
            Self::Of(user) => Some(user),
        }
    }
}

impl Explain for NotAdministrator {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "not_an_administrator"
    }

    fn hint(&self) -> Option<Hint> {
        Some(hint!(
            "administrators are listed in the policy under `[approval]`; name the policy by ",
            Setting::Policy
        ))
    }
}
