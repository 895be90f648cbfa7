//! The claim of a job by a worker.

use super::Database;
use super::connection::Tx;
use super::dialect::{Dialect, Statement, statements};
use super::notify::Notification;
use super::tables::claims::{self, ValidLease};
use super::tables::{jobs, runs};
use crate::store::error::StoreError;
use crate::store::id::{IdError, JobId, ProductId, RunId, UserId};
use crate::store::job::JobKind;
use crate::store::lease::{Lease, WorkerId};
use crate::store::transition::LeaseState;
use sqlx_macros::FromRow;

statements! {
    OLDEST = [include_str!("postgres.sql")] or_sqlite [include_str!("sqlite.sql")];
}

#[derive(FromRow)]
struct ClaimRow {
    id: String,
    /// `None` for a job that has no run.
    run_id: Option<String>,
    generation: Option<i64>,
    /// Only where the claim is notified.
    user_id: Option<String>,
    product_id: Option<String>,
    kind: Option<String>,
}

/// The job that a claim took from the queue.
enum Claimed {
    Run(Lease),
    WithoutRun(JobId),
}

impl Database {
    /// Claims the oldest job. A job without a run is failed, and the next one claimed.
    pub(super) async fn claim_oldest(
        &self,
        worker: &WorkerId,
    ) -> Result<Option<Lease>, StoreError> {
        loop {
            let claimed = match self.dialect() {
                Dialect::Postgres => self.claim_on_postgres(worker).await?,
                Dialect::Sqlite => self.claim_on_sqlite(worker).await?,
            };
            match claimed {
                Some(Claimed::Run(lease)) => return Ok(Some(lease)),
                Some(Claimed::WithoutRun(job)) => jobs::fail_without_run(self, &job).await?,
                None => return Ok(None),
            }
        }
    }

    async fn claim_on_postgres(&self, worker: &WorkerId) -> Result<Option<Claimed>, StoreError> {
        let row: Option<ClaimRow> = sqlx::query_as(OLDEST.on(Dialect::Postgres))
            .bind(worker.as_str())
            .bind(claims::lease_millis())
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let claimed: Vec<Notification> = row.notification().into_iter().collect();
        self.notify(&claimed).await;
        let (job, run, generation) = row.ids()?;
        Ok(Some(match run.zip(generation) {
            Some((run, generation)) => Claimed::Run(Lease {
                job,
                run,
                worker: worker.clone(),
                generation,
            }),
            None => Claimed::WithoutRun(job),
        }))
    }

    async fn claim_on_sqlite(&self, worker: &WorkerId) -> Result<Option<Claimed>, StoreError> {
        let mut tx = self.begin().await?;
        let claimed = claim_in(&mut tx, worker).await;
        tx.finish(claimed).await
    }
}

async fn claim_in(tx: &mut Tx, worker: &WorkerId) -> Result<Option<Claimed>, StoreError> {
    let row: Option<ClaimRow> = sqlx::query_as(OLDEST.on(tx.dialect))
        .bind(worker.as_str())
        .bind(claims::lease_millis())
        .fetch_optional(tx.connection())
        .await?;
    let Some((job, run, _)) = row.map(ClaimRow::ids).transpose()? else {
        return Ok(None);
    };
    let Some(run) = run else {
        return Ok(Some(Claimed::WithoutRun(job)));
    };
    let lease = claims::take(tx, job, run, worker, ValidLease::Replace).await?;
    Ok(lease.map(Claimed::Run))
}

impl ClaimRow {
    /// The notification of the claim; `None` without a run, and where the keys of the owner are none of ours.
    fn notification(&self) -> Option<Notification> {
        Some(Notification::claimed(
            JobKind::of_db(self.kind.as_deref()?)?,
            JobId::parse(&self.id).ok()?,
            UserId::parse(self.user_id.as_deref()?).ok()?,
            ProductId::parse(self.product_id.as_deref()?).ok()?,
            RunId::parse(self.run_id.as_deref()?).ok()?,
        ))
    }

    fn ids(self) -> Result<(JobId, Option<RunId>, Option<i64>), StoreError> {
        let damaged = |error: IdError| StoreError::damaged("a queued job", error);
        let run = self.run_id.as_deref().map(RunId::parse).transpose();
        Ok((
            JobId::parse(&self.id).map_err(damaged)?,
            run.map_err(damaged)?,
            self.generation,
        ))
    }
}

/// Claims a run that ended and left something outside, to clean up. Its job stays as it ended. `None` when nothing is to
/// be cleaned up, or another worker has a valid lease.
pub(super) async fn claim_ended(
    tx: &mut Tx,
    worker: &WorkerId,
    run: &RunId,
) -> Result<Option<Lease>, StoreError> {
    let locked = runs::lock(tx, run).await?.run;
    if LeaseState::of(locked.status, locked.job_status) != LeaseState::Cleaning {
        return Ok(None);
    }
    claims::take(tx, locked.job, locked.id, worker, ValidLease::Respect).await
}
