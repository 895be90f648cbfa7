//! The requests of a preflight. They only read, and end within one time limit.

use crate::forge::Forge;
use crate::forge::account::{Account, OwnerOption};
use crate::forge::error::ForgeError;
use crate::forge::repository::{Availability, RepoPath};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// The answers of a forge. Without an account, the other questions are not asked.
#[derive(Clone, Debug)]
pub struct Answers {
    pub account: Result<Account, ForgeError>,
    pub owner: Option<Result<OwnerOption, ForgeError>>,
    pub availability: Option<Result<Availability, ForgeError>>,
}

impl Answers {
    /// Asks a forge about a name. The time limit is for all requests together.
    pub async fn from_forge(forge: &dyn Forge, repo: &RepoPath, timeout: Duration) -> Self {
        let limit = Limit {
            end: Instant::now() + timeout,
            timeout,
        };
        let account = limit.apply(forge.current_user()).await;
        let (owner, availability) = match &account {
            Ok(_) => (
                Some(limit.apply(forge.owner(&repo.owner)).await),
                Some(limit.apply(forge.availability(repo)).await),
            ),
            Err(_) => (None, None),
        };
        Self {
            account,
            owner,
            availability,
        }
    }
}

/// The time limit of all requests.
struct Limit {
    end: Instant,
    timeout: Duration,
}

impl Limit {
    async fn apply<T>(
        &self,
        request: impl Future<Output = Result<T, ForgeError>>,
    ) -> Result<T, ForgeError> {
        timeout_at(self.end, request).await.unwrap_or_else(|_| {
            Err(ForgeError::Unavailable {
                message: format!("no answer within {} seconds", self.timeout.as_secs()),
            })
        })
    }
}
