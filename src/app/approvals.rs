//! Approvals and reviews: the runs that wait for a decision, and the decisions.

use super::caller::{Access, Caller};
use super::error::AppError;
use super::report_difference::ReportDifference;
use super::runs;
use crate::error::{Class, Explain, Hint};
use crate::model::action::RiskLevel;
use crate::policy::Policy;
use crate::store::Store;
use crate::store::change::{Actor, RunChange};
use crate::store::error::StoreError;
use crate::store::id::RunId;
use crate::store::job::JobKind;
use crate::store::listed::Listed;
use crate::store::run::{Run, RunFilter, RunStatus};
use crate::store::sql::Database;
use thiserror::Error;

/// The number of runs of a product that are searched for an earlier approved one.
const SEARCHED: u32 = 50;

/// A decision that the state of the run does not allow.
#[derive(Debug, Error)]
pub enum DecisionError {
    #[error("run {run} does not wait for an approval")]
    NotWaiting { run: RunId },
    #[error("run {run} is not of tier medium: there is no review to record")]
    NotReviewed { run: RunId },
}

/// An earlier run of the same product, and the difference of its result.
#[derive(Clone, Debug)]
pub struct EarlierRun {
    pub run: Run,
    /// None where a template or a stored report does not allow the comparison.
    pub difference: Option<ReportDifference>,
}

/// The runs that the caller may see and that wait for an approval, newest first.
pub async fn waiting(store: &dyn Store, caller: &Caller) -> Result<Vec<Listed<Run>>, AppError> {
    let filter = RunFilter {
        awaiting_approval: true,
        ..RunFilter::default()
    };
    runs::list_for(store, caller, filter).await
}

/// The runs of tier medium that the caller may see, that have begun, and that nobody has reviewed, newest first.
pub async fn unreviewed(store: &dyn Store, caller: &Caller) -> Result<Vec<Listed<Run>>, AppError> {
    let filter = RunFilter {
        awaiting_review: true,
        ..RunFilter::default()
    };
    runs::list_for(store, caller, filter).await
}

/// Refuses a run that waits for an approval, which cancels it.
///
/// # Errors
/// Refuses everyone but administrators, and a run that does not wait.
pub async fn refuse(
    store: &dyn Store,
    policy: &Policy,
    caller: &Caller,
    id: &RunId,
    note: Option<String>,
) -> Result<Run, AppError> {
    caller.require_administrator(policy)?;
    let run = caller.scope().find_run(store, id).await?;
    if !run.awaits_approval() {
        return Err(DecisionError::NotWaiting { run: id.clone() }.into());
    }
    let author = Actor::Person(caller.user());
    Ok(store
        .change(id, author, &RunChange::Refuse { note })
        .await?)
}

/// Records that the caller has reviewed a run of tier medium. Nothing waits for it.
///
/// # Errors
/// Refuses everyone but administrators, and a run of another tier.
pub async fn review(
    store: &dyn Store,
    policy: &Policy,
    caller: &Caller,
    id: &RunId,
    note: Option<String>,
) -> Result<Run, AppError> {
    caller.check(Access::Write)?;
    caller.require_administrator(policy)?;
    let run = caller.scope().find_run(store, id).await?;
    let is_medium = run
        .risk
        .as_ref()
        .is_some_and(|risk| risk.tier == RiskLevel::Medium);
    if !is_medium {
        return Err(DecisionError::NotReviewed { run: id.clone() }.into());
    }
    let author = Actor::Person(caller.user());
    Ok(store
        .change(id, author, &RunChange::Review { note })
        .await?)
}

/// The newest earlier run of the same product that was approved, or without one the newest that succeeded.
pub async fn earlier(
    database: &Database,
    caller: &Caller,
    run: &Run,
) -> Result<Option<EarlierRun>, AppError> {
    let filter = RunFilter {
        product: Some(run.product.clone()),
        after: Some(run.id.clone()),
        limit: Some(SEARCHED),
        ..RunFilter::default()
    };
    let runs: Vec<Run> = runs::list_for(database, caller, filter)
        .await?
        .into_iter()
        .filter_map(Listed::readable)
        // An update has another report.
        .filter(|run| run.kind == JobKind::BootstrapRepo)
        .collect();
    let found = runs
        .iter()
        .find(|run| run.approval.is_some())
        .or_else(|| runs.iter().find(|run| run.status == RunStatus::Succeeded));
    let Some(found) = found else {
        return Ok(None);
    };
    Ok(Some(EarlierRun {
        difference: difference(database, found, run).await?,
        run: found.clone(),
    }))
}

async fn difference(
    database: &Database,
    before: &Run,
    after: &Run,
) -> Result<Option<ReportDifference>, AppError> {
    let reports = (
        database.run_report(&before.id).await,
        database.run_report(&after.id).await,
    );
    match reports {
        (Ok(before), Ok(after)) if before.template.tree == after.template.tree => {
            Ok(Some(ReportDifference::between(&before, &after)))
        }
        (Ok(_), Ok(_))
        | (Err(StoreError::Damaged { .. }), _)
        | (_, Err(StoreError::Damaged { .. })) => Ok(None),
        (Err(error), _) | (_, Err(error)) => Err(error.into()),
    }
}

impl Explain for DecisionError {
    fn class(&self) -> Class {
        Class::Conflict
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotWaiting { .. } => "run_not_waiting",
            Self::NotReviewed { .. } => "run_without_review",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotWaiting { .. } => "look at the run; someone may have decided already".into(),
            Self::NotReviewed { .. } => "only runs of tier medium are reviewed".into(),
        })
    }
}
