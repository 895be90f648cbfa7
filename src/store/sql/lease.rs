//! The check of a worker's lease, its renewal, and the payload of the job.

use super::connection::Tx;
use super::tables::run_row::LockedRun;
use super::tables::{administrators, claims, effects, jobs, runs, users};
use crate::store::error::StoreError;
use crate::store::lease::{Lease, Renewal};
use crate::store::run::JobPayload;
use crate::store::transition::LeaseState;

/// Locks the run of a lease and checks the lease.
///
/// # Errors
/// [`StoreError::LeaseLost`] when it expired, another worker took the job, or another program changed the job.
pub(super) async fn lock(
    tx: &mut Tx,
    lease: &Lease,
) -> Result<(LockedRun, LeaseState), StoreError> {
    let locked = runs::lock(tx, &lease.run).await?;
    let state = check(&locked, lease)?;
    Ok((locked, state))
}

fn check(locked: &LockedRun, lease: &Lease) -> Result<LeaseState, StoreError> {
    let is_current = locked.run.job == lease.job
        && locked.run.is_held
        && locked.claim.as_ref().is_some_and(|(worker, generation)| {
            worker == lease.worker.as_str() && *generation == lease.generation
        });
    match LeaseState::of(locked.run.status, locked.run.job_status) {
        state if is_current && state != LeaseState::Lost => Ok(state),
        _ => Err(StoreError::LeaseLost {
            run: lease.run.clone(),
        }),
    }
}

/// Extends a lease to [`Lease::LENGTH`] from now.
pub(super) async fn renew(tx: &mut Tx, lease: &Lease) -> Result<Renewal, StoreError> {
    let (_, state) = lock(tx, lease).await?;
    claims::renew(tx, &lease.job).await?;
    jobs::renew(tx, &lease.job).await?;
    Ok(match state {
        LeaseState::Cancelled => Renewal::Cancelled,
        LeaseState::Held | LeaseState::Cleaning | LeaseState::Lost => Renewal::Held,
    })
}

/// Reads everything that the worker of a lease needs.
pub(super) async fn payload(tx: &mut Tx, lease: &Lease) -> Result<JobPayload, StoreError> {
    let found = runs::find(tx, &lease.run).await?;
    check(&found, lease)?;
    let run = found.run;
    let (plan, report) = runs::documents(tx, &run.id).await?;
    let is_approver_administrator = match &run.approval {
        Some(approval) => administrators::contains(tx, &approval.by).await?,
        None => false,
    };
    Ok(JobPayload {
        is_approver_administrator,
        is_user_administrator: administrators::contains(tx, &run.user).await?,
        plan,
        report,
        sealed_token: users::sealed_token(tx, &run.user).await?,
        entries: effects::entries(tx, &run.id).await?,
        run,
    })
}
