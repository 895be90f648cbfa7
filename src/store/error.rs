//! Why the store did not do what it was asked.

use super::id::{ProductId, RunId, UserId};
use super::job::JobStatus;
use super::run::RunStatus;
use thiserror::Error;

/// By what the caller can do.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Try again later: connection, time-out, a deadlock that the database broke.
    #[error("the database cannot be reached: {message}")]
    Unavailable { message: String },
    /// Stop working on the run, and touch nothing of it.
    #[error("the lease on run {run} is lost")]
    LeaseLost { run: RunId },
    /// Take back what is outside.
    #[error("run {run} was cancelled")]
    Cancelled { run: RunId },
    #[error("product `{product}` has an active run already{}", of(.run.as_ref()))]
    ActiveRun {
        product: ProductId,
        run: Option<RunId>,
    },
    #[error("there is no run `{run}`")]
    NoRun { run: RunId },
    #[error("there is no product `{product}` of user `{user}`")]
    NoProduct { product: ProductId, user: UserId },
    #[error("there is no user `{user}`")]
    NoUser { user: UserId },
    /// A demo user may never write.
    #[error("`{user}` is a demo user, who may look and not touch")]
    Demo { user: UserId },
    #[error("run {run} is {} and its job {}: it cannot be {wanted}", status.as_db(), job.as_db())]
    Conflict {
        run: RunId,
        status: RunStatus,
        job: JobStatus,
        wanted: &'static str,
    },
    #[error("the approval names tree {named}, the run is to make {promised}")]
    AnotherTree { named: String, promised: String },
    /// It cannot be used as it is; the message says what to do.
    #[error("the database is not ready: {message}")]
    NotReady { message: String },
    /// The tables are not there, or older than this program.
    #[error(
        "the database's tables are missing or older than this program{}",
        detail(message)
    )]
    NotMigrated { message: String },
    /// A row holds what no version of this program wrote.
    #[error("{what} of run {run} cannot be understood: {message}")]
    Damaged {
        run: RunId,
        what: &'static str,
        message: String,
    },
    /// A document that a database cannot hold.
    #[error("{what} cannot be stored: {message}")]
    Unstorable { what: &'static str, message: String },
    /// A fault of this program or of the database.
    #[error("the database refused a statement: {message}")]
    Refused { message: String },
}

fn detail(message: &str) -> String {
    if message.is_empty() {
        return String::new();
    }
    format!(": {message}")
}

fn of(run: Option<&RunId>) -> String {
    run.map_or_else(String::new, |run| format!(": {run}"))
}
