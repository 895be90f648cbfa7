//! Reads the forge until it shows an expected state: forges show their own changes late.

use super::Publication;
use crate::forge::error::ForgeError;
use crate::forge::repository::{Availability, Repository, RepositoryId};
use crate::publish::ledger::StepOutcome;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use std::time::Duration;

/// Delays between two reads: 1, 2, 4, 8 and 16 seconds.
const DELAYS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_secs(1))
    .with_max_delay(Duration::from_secs(16))
    .with_max_times(5);
/// The longest delay that a forge may ask for; with a longer one the run fails and can be resumed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(2);

impl Publication<'_> {
    /// Reads the repository with an id until `is_enough` accepts it or the delays are used up.
    pub(super) async fn repository(
        &self,
        id: RepositoryId,
        is_enough: impl Fn(Option<&Repository>) -> bool + Send + Sync,
    ) -> Result<Option<Repository>, ForgeError> {
        let forge = self.publisher.forge;
        self.poll(|| forge.repository(id), |found| is_enough(found.as_ref()))
            .await
    }

    /// Reads the availability of the requested name until `is_enough` accepts it or the delays are used up.
    pub(super) async fn availability(
        &self,
        is_enough: impl Fn(&Availability) -> bool + Send + Sync,
    ) -> Result<Availability, ForgeError> {
        let forge = self.publisher.forge;
        self.poll(|| forge.availability(&self.request.repo), is_enough)
            .await
    }

    /// The outcome of a change that the forge answered with `error`. If the answer leaves the outcome open, the
    /// repository is read until `is_done` accepts it.
    pub(super) async fn outcome_of(
        &self,
        error: &ForgeError,
        id: RepositoryId,
        is_done: impl Fn(Option<&Repository>) -> bool + Send + Sync,
    ) -> StepOutcome {
        let message = error.to_string();
        if !matches!(error, ForgeError::OutcomeUnknown { .. }) {
            return StepOutcome::NotDone { message };
        }
        match self.repository(id, &is_done).await {
            Ok(found) if is_done(found.as_ref()) => StepOutcome::Done,
            Ok(_) | Err(_) => StepOutcome::Unknown { message },
        }
    }

    async fn poll<T, F>(
        &self,
        read: impl Fn() -> F + Send + Sync,
        is_enough: impl Fn(&T) -> bool + Send + Sync,
    ) -> Result<T, ForgeError>
    where
        F: Future<Output = Result<T, ForgeError>> + Send,
        T: Send,
    {
        for delay in DELAYS.build() {
            let answer = read().await;
            let delay = match &answer {
                Ok(found) if is_enough(found) => return answer,
                Ok(_) | Err(ForgeError::Unavailable { .. }) => delay,
                Err(ForgeError::RateLimited { retry_after })
                    if *retry_after <= LONGEST_RETRY_AFTER =>
                {
                    *retry_after
                }
                Err(_) => return answer,
            };
            self.publisher.clock.sleep(delay).await;
        }
        read().await
    }
}
