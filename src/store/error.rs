//! Errors of the store, by what the caller can do.

use super::id::{IdeaId, JobId, ProductId, RunId, UserId};
use super::job::JobStatus;
use super::run::RunStatus;
use crate::error::{Class, Explain, Hint, Setting};
use crate::hint;
use crate::model::slug::Slug;
use std::error::Error;
use thiserror::Error;

/// The error below a [`StoreError`]: of the database, or of a value that was read.
pub type Source = Box<dyn Error + Send + Sync>;

#[derive(Debug, Error)]
pub enum StoreError {
    /// A connection, a time-out, or a deadlock that the database broke.
    #[error("the database cannot be reached")]
    Unavailable { source: Source },
    /// The address without a connection pooler, as [`StoreError::Unavailable`].
    #[error("the database cannot be reached at its direct address")]
    DirectUnavailable { source: Source },
    /// A write found no room. The transaction was rolled back.
    #[error("the disk of the database is full")]
    DiskFull { source: Source },
    /// The worker must not work on the run any more, and must not touch anything of it.
    #[error("the lease on run {run} is lost")]
    LeaseLost { run: RunId },
    /// The worker must remove what it created.
    #[error("run {run} was cancelled")]
    Cancelled { run: RunId },
    #[error("product `{product}` already has an active run{}", after_colon(.run.as_ref()))]
    ActiveRun {
        product: ProductId,
        run: Option<RunId>,
    },
    #[error("run `{run}` does not exist")]
    NoRun { run: RunId },
    #[error("job `{job}` does not exist")]
    NoJob { job: JobId },
    #[error("idea `{idea}` does not exist")]
    NoIdea { idea: IdeaId },
    /// The name in the row.
    #[error("idea `{idea}` is {status}: it accepts no plan document; nothing was stored")]
    IdeaStatus { idea: IdeaId, status: String },
    #[error("product `{product}` of user `{user}` does not exist")]
    NoProduct { product: ProductId, user: UserId },
    #[error("no run has created a repository for product `{product}`")]
    NoRepository { product: ProductId },
    /// An application's enum of kinds lacks the newer one.
    #[error("the enum \"ClaudeJobKind\" of the application lacks UPDATE_REPO; nothing was queued")]
    NoUpdateJobs,
    #[error("product `{product}` already exists")]
    ProductTaken { product: ProductId },
    /// Rows that only the surrounding application adds.
    #[error("{what} are added by the application that owns this database")]
    ForeignTables { what: &'static str },
    #[error("user `{user}` has other rights")]
    OtherRights { user: UserId },
    #[error("user `{user}` does not exist")]
    NoUser { user: UserId },
    #[error("user `{user}` is a demo user and may only read")]
    Demo { user: UserId },
    #[error("run {run} is {} and its job {}: it cannot be {wanted}", status.as_db(), job.as_db())]
    Conflict {
        run: RunId,
        status: RunStatus,
        job: JobStatus,
        /// A participle, such as `cancelled`.
        wanted: &'static str,
    },
    /// An assessment or approval of a tree that the run does not create.
    #[error("tree {named} is not the tree of the run{}", after_colon(.promised.as_ref()))]
    AnotherTree {
        named: String,
        promised: Option<String>,
    },
    /// The message contains the next step.
    #[error("the database is not ready: {message}")]
    NotReady { message: String },
    #[error("the database's tables are missing or older than this program")]
    NotMigrated { source: Option<Source> },
    /// A row that no version of this program wrote.
    #[error("cannot read {what}")]
    Damaged { what: String, source: Source },
    /// An application's table allows each name of a category once.
    #[error("category `{category}` of this name belongs to the catalogue `{catalog}`")]
    CategoryTaken { category: Slug, catalog: String },
    /// A document that a database cannot store.
    #[error("{what} cannot be stored")]
    Unstorable { what: &'static str, source: Source },
    /// A fault of this program or of the database.
    #[error("the database refused a statement")]
    Refused { source: Source },
}

impl StoreError {
    /// True if the same call may succeed later without a change of the request or of a row.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::DirectUnavailable { .. } | Self::DiskFull { .. }
        )
    }

    /// True if the error is about the rows that were read or written, so that other rows are not affected.
    pub(super) fn concerns_row(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::Refused { .. } | Self::Unstorable { .. }
        )
    }

    /// The same error of a connection to the direct address.
    pub(super) fn at_direct_address(self) -> Self {
        match self {
            Self::Unavailable { source } => Self::DirectUnavailable { source },
            other => other,
        }
    }

    pub(super) fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable {
            source: source.into(),
        }
    }

    pub(super) fn damaged(what: impl Into<String>, source: impl Into<Source>) -> Self {
        Self::Damaged {
            what: what.into(),
            source: source.into(),
        }
    }
}

impl Explain for StoreError {
    fn class(&self) -> Class {
        match self {
            Self::Unavailable { .. } | Self::DirectUnavailable { .. } => Class::Retryable,
            Self::DiskFull { .. }
            | Self::NotReady { .. }
            | Self::NotMigrated { .. }
            | Self::Damaged { .. }
            | Self::Refused { .. } => Class::Environment,
            Self::LeaseLost { .. }
            | Self::Cancelled { .. }
            | Self::ActiveRun { .. }
            | Self::ProductTaken { .. }
            | Self::OtherRights { .. }
            | Self::Conflict { .. }
            | Self::IdeaStatus { .. }
            | Self::AnotherTree { .. }
            | Self::CategoryTaken { .. } => Class::Conflict,
            Self::NoRun { .. }
            | Self::NoJob { .. }
            | Self::NoIdea { .. }
            | Self::NoProduct { .. }
            | Self::NoRepository { .. }
            | Self::NoUpdateJobs
            | Self::NoUser { .. }
            | Self::Demo { .. }
            | Self::ForeignTables { .. }
            | Self::Unstorable { .. } => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "store_unavailable",
            Self::DirectUnavailable { .. } => "store_direct_unavailable",
            Self::DiskFull { .. } => "store_disk_full",
            Self::LeaseLost { .. } => "run_lease_lost",
            Self::Cancelled { .. } => "run_cancelled",
            Self::ActiveRun { .. } => "run_active",
            Self::NoRun { .. } => "run_not_found",
            Self::NoJob { .. } => "job_not_found",
            Self::NoIdea { .. } => "idea_not_found",
            Self::IdeaStatus { .. } => "idea_status",
            Self::NoProduct { .. } => "product_not_found",
            Self::NoRepository { .. } => "product_without_repository",
            Self::NoUpdateJobs => "update_jobs_missing",
            Self::ProductTaken { .. } => "product_taken",
            Self::ForeignTables { .. } => "store_not_own",
            Self::OtherRights { .. } => "user_rights_differ",
            Self::NoUser { .. } => "user_not_found",
            Self::Demo { .. } => "user_demo",
            Self::Conflict { .. } => "run_conflict",
            Self::AnotherTree { .. } => "run_other_tree",
            Self::NotReady { .. } => "store_not_ready",
            Self::NotMigrated { .. } => "store_not_migrated",
            Self::Damaged { .. } => "store_damaged",
            Self::CategoryTaken { .. } => "category_taken",
            Self::Unstorable { .. } => "store_unstorable",
            Self::Refused { .. } => "store_refused",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Unavailable { .. } => {
                "check DATABASE_URL and that the database runs, then try again".into()
            }
            Self::DirectUnavailable { .. } => {
                "check DIRECT_URL, or unset it where DATABASE_URL has no connection pooler".into()
            }
            Self::DiskFull { .. } => {
                "free disk space; a worker then continues without a restart".into()
            }
            Self::NotMigrated { .. } => "update them with `groundplan migrate`".into(),
            Self::NotReady { .. } => return None,
            Self::Refused { .. } | Self::Damaged { .. } => {
                "compare the version of this program with the database's migrations".into()
            }
            Self::LeaseLost { .. } => {
                "another worker has the run: see `groundplan runs show`".into()
            }
            Self::Cancelled { .. } | Self::Conflict { .. } => {
                "see the run with `groundplan runs show`; docs/operations.md lists what each status allows".into()
            }
            Self::ActiveRun { .. } => {
                "wait for it, or cancel it with `groundplan runs cancel`; nothing was submitted".into()
            }
            Self::CategoryTaken { .. } => {
                "rename the category in one of the catalogues; the application's table allows each name once".into()
            }
            Self::Unstorable { .. } => {
                "remove it from the selection or the catalogue; nothing was stored".into()
            }
            Self::NoRun { .. } => "list the runs with `groundplan runs list`".into(),
            Self::NoIdea { .. } => "add one first; the id may belong to another user".into(),
            Self::IdeaStatus { .. } => {
                "wait until its job has ended; a planned idea keeps its plan".into()
            }
            Self::NoJob { .. } => "begin again with the first page".into(),
            Self::NoProduct { .. } => hint!(
                "name a product of the user or a new one with ",
                Setting::Product,
                "; the id may belong to another user"
            ),
            Self::NoUser { .. } => hint!(
                "name a user of the database with ",
                Setting::As,
                "; the first `runs submit` or `pat save` of a user adds the user"
            ),
            Self::NoUpdateJobs => {
                "add the value by a migration of the application; docs/database.md has the statement".into()
            }
            Self::NoRepository { .. } => {
                "submit a run for it first; nothing was submitted".into()
            }
            Self::ProductTaken { .. } => hint!("choose another slug with ", Setting::Slug),
            Self::ForeignTables { .. } => "add them in the application; nothing was changed".into(),
            Self::OtherRights { .. } => {
                "rights are set when a user is added: choose another name; in a database of an application, \
                 administrators are named by the policy file"
                    .into()
            }
            Self::Demo { .. } => hint!("act as another user with ", Setting::As, "; nothing was changed"),
            Self::AnotherTree { .. } => {
                "see the run again before you approve it; nothing was approved".into()
            }
        })
    }
}

fn after_colon(detail: Option<&impl ToString>) -> String {
    detail.map_or_else(String::new, |detail| format!(": {}", detail.to_string()))
}
