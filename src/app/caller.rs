//! The party that makes a request, and its rights.

use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::policy::Policy;
use crate::store::Store;
use crate::store::access::Account;
use crate::store::error::StoreError;
use crate::store::id::{RunId, UserId};
use crate::store::run::{Run, RunFilter};
use thiserror::Error;

/// The party that makes a request, as the shell knows it. The store refuses demo users again, in the transaction of the
/// change itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user, who acts on own products and runs only.
    User(UserId),
    /// A user who may only read.
    Demo(UserId),
    /// A user who may also act on the runs of others, approve runs and edit catalogues.
    Administrator(UserId),
    /// A person with access to the database itself, who acts on the runs of all users under a name for the audit log.
    Operator(UserId),
}

/// The rights that a use case requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Every user.
    Read,
    /// Every user but demo users.
    Write,
    /// Administrators.
    Administrate,
}

/// A request that the caller's rights do not allow.
#[derive(Debug, Error)]
pub enum AccessError {
    #[error("user `{user}` is a demo user and may only read")]
    Demo { user: UserId },
    #[error("user `{user}` is not an administrator")]
    NotAdministrator { user: UserId },
}

/// The runs that a request covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    /// The runs of one user. All others look missing.
    Of(UserId),
}

impl Caller {
    /// The user in whose name a change is made.
    pub fn user(&self) -> &UserId {
        match self {
            Self::User(user)
            | Self::Demo(user)
            | Self::Administrator(user)
            | Self::Operator(user) => user,
        }
    }

    /// The name of the caller's rights.
    pub fn role(&self) -> &'static str {
        match self {
            Self::Demo(_) => "demo",
            Self::User(_) => "member",
            Self::Administrator(_) | Self::Operator(_) => "administrator",
        }
    }

    /// The caller of an account. Administrators are those of the installation's own tables and those of the policy.
    pub fn of_account(account: &Account, policy: &Policy) -> Self {
        let user = account.user.clone();
        if account.is_demo {
            Self::Demo(user)
        } else if account.is_administrator || policy.is_administrator(&user) {
            Self::Administrator(user)
        } else {
            Self::User(user)
        }
    }

    /// Fails unless the caller has the rights that a use case requires.
    pub fn check(&self, access: Access) -> Result<(), AccessError> {
        let user = || self.user().clone();
        match (access, self) {
            (Access::Write | Access::Administrate, Self::Demo(_)) => {
                Err(AccessError::Demo { user: user() })
            }
            (Access::Administrate, Self::User(_)) => {
                Err(AccessError::NotAdministrator { user: user() })
            }
            _ => Ok(()),
        }
    }

    /// Fails unless the installation or the policy names the caller as administrator.
    pub fn require_administrator(&self, policy: &Policy) -> Result<(), AccessError> {
        if matches!(self, Self::Administrator(_)) || policy.is_administrator(self.user()) {
            return Ok(());
        }
        let user = self.user().clone();
        Err(AccessError::NotAdministrator { user })
    }

    /// The runs that the caller may see and change.
    pub fn scope(&self) -> Scope {
        match self {
            Self::User(user) | Self::Demo(user) => Scope::Of(user.clone()),
            Self::Administrator(_) | Self::Operator(_) => Scope::All,
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

impl Explain for AccessError {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Demo { .. } => "user_demo",
            Self::NotAdministrator { .. } => "not_an_administrator",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Demo { .. } => "sign in as another user; nothing was changed".into(),
            Self::NotAdministrator { .. } => hint!(
                "ask an administrator; they are listed in this installation, or in the policy under `[approval]`, named by ",
                Setting::Policy
            ),
        })
    }
}
