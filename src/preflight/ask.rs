//! The questions. None of them changes anything, and all of them together end in time.

use crate::forge::Forge;
use crate::forge::account::{Account, OwnerOption};
use crate::forge::error::ForgeError;
use crate::forge::repository::{Availability, RepoPath};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What a forge answered. The rest is not asked when the first answer already says that nothing else will come.
#[derive(Clone, Debug)]
pub struct Answers {
    pub account: Result<Account, ForgeError>,
    pub owner: Option<Result<OwnerOption, ForgeError>>,
    pub name: Option<Result<Availability, ForgeError>>,
}

/// Asks everything about a place, for at most so long.
pub async fn ask(forge: &dyn Forge, place: &RepoPath, patience: Duration) -> Answers {
    let end = Instant::now() + patience;
    let account = in_time(end, patience, forge.current_user()).await;
    if account.is_err() {
        return Answers {
            account,
            owner: None,
            name: None,
        };
    }
    Answers {
        account,
        owner: Some(in_time(end, patience, forge.owner(&place.owner)).await),
        name: Some(in_time(end, patience, forge.availability(place)).await),
    }
}

async fn in_time<T>(
    end: Instant,
    patience: Duration,
    question: impl Future<Output = Result<T, ForgeError>>,
) -> Result<T, ForgeError> {
    let late = |_| ForgeError::Unavailable {
        message: format!("no answer within {} seconds", patience.as_secs()),
    };
    timeout_at(end, question)
        .await
        .map_err(late)
        .and_then(|answer| answer)
}
