//! Records the result of an attempt in the store.

use super::attempt::Attempt;
use super::log::LogLevel;
use super::outcome::{AttemptError, AttemptOutcome, Cause};
use super::retry::retry;
use crate::forge::repository::Remote;
use crate::publish::PublishedRepo;
use crate::publish::error::PublishError;
use crate::publish::remains::Remains;
use crate::publish::stage;
use crate::store::change::{Actor, RunChange};
use crate::store::error::StoreError;
use crate::store::job::JobStatus;
use crate::store::listed::Listed;
use crate::store::recovery::Recovery;
use crate::store::run::{Run, RunFilter, RunStatus};
use serde_json::Value;

impl Attempt {
    pub(super) async fn record_success(
        &self,
        published: &PublishedRepo,
        statement: Option<Value>,
    ) -> Result<(), AttemptError> {
        let change = RunChange::Succeed {
            repo_url: page_of(&published.remote),
            statement,
        };
        self.change(&change).await?;
        Ok(())
    }

    /// Records an error as far as the lease and the database allow it.
    pub(super) async fn record_failure(&self, error: AttemptError) -> AttemptOutcome {
        let text = self.run_log.scrub(&error.to_string());
        self.log_at(error.severity(), "stop", &text);
        let (change, outcome) = match error {
            AttemptError::LeaseLost => return AttemptOutcome::LeaseLost,
            AttemptError::Cancelled => return self.withdraw().await,
            AttemptError::AwaitingApproval { risk, refused } => (
                RunChange::Hold { risk, refused },
                AttemptOutcome::AwaitingApproval,
            ),
            AttemptError::Stopping => (
                RunChange::HandBack { why: text },
                AttemptOutcome::HandedBack,
            ),
            AttemptError::DatabaseUnavailable(_) => (
                RunChange::HandBack { why: text },
                AttemptOutcome::RetryLater,
            ),
            AttemptError::Transient(_) if self.may_retry() => (
                RunChange::HandBack { why: text },
                AttemptOutcome::RetryLater,
            ),
            AttemptError::Transient(cause) => {
                (self.fail(text, &cause).await, AttemptOutcome::RetryLater)
            }
            AttemptError::Credential(cause) => {
                (self.fail(text, &cause).await, AttemptOutcome::Refused)
            }
            AttemptError::Permanent(cause) => (
                self.fail(text, &cause).await,
                AttemptOutcome::Failed { remains: false },
            ),
        };
        match self.change(&change).await {
            Ok(run) if matches!(outcome, AttemptOutcome::Failed { .. }) => AttemptOutcome::Failed {
                remains: run.status == RunStatus::FailedNeedsCleanup,
            },
            Ok(_) => outcome,
            Err(AttemptError::Cancelled) => self.withdraw().await,
            Err(error) => self.abandon(&error),
        }
    }

    /// True if the run may go back into the queue after a transient error.
    fn may_retry(&self) -> bool {
        match self.context.recovery {
            Recovery::Resume { attempts } => self.retries.get().is_none_or(|done| *done < attempts),
            Recovery::Fail => false,
        }
    }

    async fn fail(&self, error: String, cause: &Cause) -> RunChange {
        let left = match cause.downcast_ref::<PublishError>() {
            Some(error) if !matches!(error, PublishError::Ledger(_)) => {
                error.remains().map(Remains::summary)
            }
            _ => self.remains().await,
        };
        RunChange::Fail { error, left }
    }

    /// The repository that the run leaves on the forge, according to its ledger.
    async fn remains(&self) -> Option<String> {
        let entries = match self.context.store.entries(&self.lease.run).await {
            Ok(entries) => entries,
            Err(error) => {
                // The store reads the same ledger when it records the failure.
                let text = format!("the ledger cannot be read: {error}");
                self.log_at(LogLevel::Warning, "stop", &text);
                return None;
            }
        };
        // A run without entries has not started to publish.
        let (request, stage) = stage::read(&entries).ok()?;
        let remains = stage.remains(&request.repo, None)?;
        Some(remains.summary())
    }

    /// Ends a cancelled run: removes its repository and records one that could not be removed.
    async fn withdraw(&self) -> AttemptOutcome {
        let left = match self.roll_back().await {
            Ok(_) => None,
            Err(error @ (AttemptError::DatabaseUnavailable(_) | AttemptError::LeaseLost)) => {
                return self.abandon(&error);
            }
            Err(error) if error.is_publish_error() => Some(self.run_log.scrub(&error.to_string())),
            Err(_) => self.remains().await,
        };
        let remains = left.is_some();
        match self.change(&RunChange::Withdraw { left }).await {
            Ok(_) => AttemptOutcome::Cancelled { remains },
            Err(error) => self.abandon(&error),
        }
    }

    /// Gives up without a record. The lease expires and recovery finds the run.
    fn abandon(&self, error: &AttemptError) -> AttemptOutcome {
        let text = format!("the result was not recorded: {error}");
        self.log_at(LogLevel::Warning, "stop", &text);
        match error {
            AttemptError::DatabaseUnavailable(_) => AttemptOutcome::RetryLater,
            _ => AttemptOutcome::LeaseLost,
        }
    }

    /// Changes the run. If a try was not answered, the run is read to find out whether it was changed.
    pub(super) async fn change(&self, change: &RunChange) -> Result<Run, AttemptError> {
        let context = &self.context;
        let retried = retry(&*context.clock, &self.lease, || {
            context
                .store
                .change(&self.lease.run, Actor::Worker(&self.lease), change)
        })
        .await;
        let error = match retried.result {
            Ok(run) => return Ok(run),
            Err(error) => error,
        };
        let is_conflict = matches!(error, StoreError::Conflict { .. });
        if (is_conflict || matches!(error, StoreError::LeaseLost { .. }))
            && let Some(run) = self.find_run().await
        {
            if retried.is_repeated && is_result_of(change, run.status) {
                return Ok(run);
            }
            let is_cancelled = run.job_status == JobStatus::Cancelled && run.status.is_active();
            if is_conflict && is_cancelled {
                return Err(AttemptError::Cancelled);
            }
        }
        Err(error.into())
    }

    async fn find_run(&self) -> Option<Run> {
        let filter = RunFilter::one(&self.lease.run);
        // If this fails too, the error of the change is reported.
        let found = self.context.store.runs(&filter).await.ok()?.pop();
        found.and_then(Listed::readable)
    }
}

/// The page of a repository, which has the address of its remote without the suffix. A folder has no page.
pub(super) fn page_of(remote: &Remote) -> String {
    let address = remote.to_string();
    let page = address
        .strip_suffix(".git")
        .filter(|_| address.contains("://"));
    page.unwrap_or(&address).to_owned()
}

/// True if a change leads to this status.
fn is_result_of(change: &RunChange, status: RunStatus) -> bool {
    match change {
        RunChange::Start => status == RunStatus::Running,
        RunChange::Succeed { .. } | RunChange::FinishUpdate { .. } => {
            status == RunStatus::Succeeded
        }
        RunChange::Fail { .. } => {
            matches!(status, RunStatus::Failed | RunStatus::FailedNeedsCleanup)
        }
        RunChange::Withdraw { .. } => {
            matches!(status, RunStatus::Cancelled | RunStatus::FailedNeedsCleanup)
        }
        RunChange::HandBack { .. } | RunChange::Hold { .. } => status == RunStatus::Pending,
        RunChange::CleanUp => status == RunStatus::Failed,
        RunChange::Compare { .. }
        | RunChange::Cancel
        | RunChange::Retry
        | RunChange::Approve { .. }
        | RunChange::Refuse { .. }
        | RunChange::Review { .. }
        | RunChange::SetSettings { .. }
        | RunChange::Release => false,
    }
}
