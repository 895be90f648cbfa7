//! Runs: submitting an accepted preview, and what people do with a run afterwards.

use super::caller::{Access, Caller, Scope};
use super::error::AppError;
use super::previews::{self, AskedForge, Prevented};
use crate::engine::Preview;
use crate::error::{Class, Explain, Hint};
use crate::model::digest::GitId;
use crate::model::plan::TemplateOrigin;
use crate::policy::Policy;
use crate::store::Store;
use crate::store::answer::RequestKey;
use crate::store::change::{Actor, RunChange};
use crate::store::error::StoreError;
use crate::store::event::Event;
use crate::store::id::{IdError, ProductId, RunId};
use crate::store::lease::{ClaimTarget, Lease, WorkerId};
use crate::store::listed::Listed;
use crate::store::run::{Run, RunFilter, RunStatus};
use crate::store::sql::Database;
use crate::store::submission::Submission;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// The number of events read at a time.
const EVENT_PAGE: u32 = 500;

/// A submission of a preview.
#[derive(Clone, Debug, Default)]
pub struct SubmitRequest {
    /// The product that the repository is for. By default the one whose id is the product's slug.
    pub product: Option<ProductId>,
    /// The only tree that may be submitted.
    pub expected: Option<GitId>,
    /// The idempotency key of the request.
    pub key: Option<RequestKey>,
}

/// A run with its events in order.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunDetails {
    pub run: Run,
    pub events: Vec<Event>,
}

/// A request that the state of a run or of a preview does not allow.
#[derive(Debug, Error)]
pub enum RunError {
    #[error("the preview has findings; nothing was submitted")]
    NotAccepted,
    #[error("workers cannot read a template folder of this machine; nothing was submitted")]
    FolderTemplate,
    #[error("run {run} is {}: it left nothing to clean up", status.as_db())]
    NothingLeft { run: RunId, status: RunStatus },
    #[error("run {run} is being cleaned up by another process")]
    Busy { run: RunId },
    #[error("the ids of several runs begin with `{prefix}`")]
    Ambiguous { prefix: RunId },
    #[error("there are no runs yet")]
    NoRuns,
    #[error("run {run} has no signed statement")]
    NoStatement { run: RunId },
}

/// A run as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunName {
    /// The newest run.
    Latest,
    /// The id, or its beginning where no other id begins like it.
    Id(RunId),
}

impl RunName {
    /// Parses `latest`, an id or the beginning of one.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text {
            "latest" => Ok(Self::Latest),
            _ => RunId::parse(text).map(Self::Id),
        }
    }
}

/// Stores an accepted preview as a run with a queued job.
///
/// # Errors
/// Refuses a demo user, an option for administrators of another user, a product of another user, a second active run of the
/// product, a tree that is not the expected one, a template that other machines cannot open, and what the forge certainly
/// refuses, if there is one to ask. An unreachable forge refuses nothing.
pub async fn submit(
    database: &Database,
    policy: &Policy,
    caller: &Caller,
    request: &SubmitRequest,
    preview: &Preview<'_>,
    forge: Option<AskedForge<'_>>,
) -> Result<Run, AppError> {
    caller.check(Access::Write)?;
    let submission = submission(policy, caller, request, preview)?;
    check_roles(database, policy, &submission).await?;
    if let Some(forge) = forge {
        previews::check_forge(forge, preview).await?;
    }
    let (user, product) = (&submission.user, &submission.product);
    database.ensure_local(user, product).await?;
    Ok(database.submit(&submission).await?)
}

/// The checked submission of a preview. [`submit`] checks it too; a shell may do it before it opens a database.
pub fn submission(
    policy: &Policy,
    caller: &Caller,
    request: &SubmitRequest,
    preview: &Preview<'_>,
) -> Result<Submission, AppError> {
    let (plan, report) = (&preview.plan, &preview.report);
    let tree = previews::accepted_tree(report).ok_or(RunError::NotAccepted)?;
    previews::check_expected(request.expected.as_ref(), tree, Prevented::Submission)?;
    if plan.template.repo == TemplateOrigin::Folder {
        return Err(RunError::FolderTemplate.into());
    }
    let product = request.product.clone().unwrap_or_else(|| {
        ProductId::parse(plan.inputs.product_slug.as_str()).expect("a slug is a valid id")
    });
    Ok(Submission {
        user: caller.user().clone(),
        product,
        plan: plan.clone(),
        report: report.clone(),
        risk: policy.assess(plan, &report.risk, tree),
        key: request.key.clone(),
    })
}

/// Fails if the plan has an option for administrators and its user is none.
async fn check_roles(
    database: &Database,
    policy: &Policy,
    submission: &Submission,
) -> Result<(), AppError> {
    let Submission { user, plan, .. } = submission;
    if policy.check_roles(plan, user, false).is_ok() {
        return Ok(());
    }
    let account = database.account(user).await?;
    let is_administrator = account.is_some_and(|account| account.is_administrator);
    Ok(policy.check_roles(plan, user, is_administrator)?)
}

/// The id of the run that a person named.
///
/// # Errors
/// [`RunError::Ambiguous`], [`RunError::NoRuns`], or [`StoreError::NoRun`] where no run of the scope has the name.
pub async fn find_id(store: &dyn Store, scope: &Scope, name: &RunName) -> Result<RunId, AppError> {
    let of_scope = RunFilter {
        user: scope.user().cloned(),
        limit: Some(2),
        ..RunFilter::default()
    };
    let RunName::Id(prefix) = name else {
        let newest = store.runs(&of_scope).await?.into_iter().next();
        return id_of(newest.ok_or(RunError::NoRuns)?);
    };
    let exact = RunFilter {
        id: Some(prefix.clone()),
        ..of_scope.clone()
    };
    if !store.runs(&exact).await?.is_empty() {
        return Ok(prefix.clone());
    }
    let beginning = RunFilter {
        id_prefix: Some(prefix.to_string()),
        ..of_scope
    };
    let mut found = store.runs(&beginning).await?;
    let run = prefix.clone();
    let first = found.pop().ok_or(StoreError::NoRun { run })?;
    if !found.is_empty() {
        return Err(RunError::Ambiguous {
            prefix: prefix.clone(),
        }
        .into());
    }
    id_of(first)
}

/// The id of a run, even of one that cannot be read otherwise.
fn id_of(run: Listed<Run>) -> Result<RunId, AppError> {
    Ok(match run {
        Listed::Readable(run) => run.id,
        Listed::Unreadable(row) => RunId::parse(&row.id)?,
    })
}

/// A run with all its events.
pub async fn show(store: &dyn Store, scope: &Scope, id: &RunId) -> Result<RunDetails, AppError> {
    let run = scope.find_run(store, id).await?;
    let mut events: Vec<Event> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.sequence);
        let page = store.events(after, Some(id), EVENT_PAGE).await?;
        if page.is_empty() {
            return Ok(RunDetails { run, events });
        }
        events.extend(page);
    }
}

/// A run and those of its events that follow the sequence number `after`. The run is read first, so that a run that has
/// ended comes with its last event.
pub async fn follow(
    store: &dyn Store,
    scope: &Scope,
    id: &RunId,
    after: i64,
) -> Result<RunDetails, AppError> {
    let run = scope.find_run(store, id).await?;
    let events = store.events(after, Some(id), EVENT_PAGE).await?;
    Ok(RunDetails { run, events })
}

/// The DSSE envelope of the signed statement about the repository of a run.
pub async fn statement(store: &dyn Store, scope: &Scope, id: &RunId) -> Result<Value, AppError> {
    let details = show(store, scope, id).await?;
    let found = details
        .events
        .into_iter()
        .find_map(|mut event| event.detail.get_mut(Event::STATEMENT).map(Value::take));
    Ok(found.ok_or_else(|| RunError::NoStatement { run: id.clone() })?)
}

/// Runs of all users that match a filter, newest first. A damaged row is listed as unreadable.
pub async fn list(store: &dyn Store, filter: &RunFilter) -> Result<Vec<Listed<Run>>, AppError> {
    Ok(store.runs(filter).await?)
}

/// Runs that the caller may see and that match a filter, newest first.
pub async fn list_for(
    store: &dyn Store,
    caller: &Caller,
    filter: RunFilter,
) -> Result<Vec<Listed<Run>>, AppError> {
    let user = caller.scope().user().cloned().or(filter.user);
    list(store, &RunFilter { user, ..filter }).await
}

/// Cancels a run: at once when no worker holds it, else at the worker's next step.
pub async fn cancel(store: &dyn Store, caller: &Caller, id: &RunId) -> Result<Run, AppError> {
    change(store, caller, id, &RunChange::Cancel).await
}

/// Queues a failed run again, from where it stopped.
pub async fn retry(store: &dyn Store, caller: &Caller, id: &RunId) -> Result<Run, AppError> {
    change(store, caller, id, &RunChange::Retry).await
}

/// Leaves what a failed run created to the people who own it.
pub async fn release(store: &dyn Store, caller: &Caller, id: &RunId) -> Result<Run, AppError> {
    change(store, caller, id, &RunChange::Release).await
}

/// Allows a run to create exactly one tree. The note is kept with the approval in the events of the run.
///
/// # Errors
/// Refuses everyone but the administrators of the policy, unknown and demo users among them, and any tree but the run's own.
pub async fn approve(
    store: &dyn Store,
    policy: &Policy,
    caller: &Caller,
    id: &RunId,
    tree: GitId,
    note: Option<String>,
) -> Result<Run, AppError> {
    caller.require_administrator(policy)?;
    let author = Actor::Person(caller.user());
    let approve = RunChange::Approve { tree, note };
    Ok(store.change(id, author, &approve).await?)
}

/// Fails unless a run has ended and left something on the forge.
pub async fn check_remains(store: &dyn Store, caller: &Caller, id: &RunId) -> Result<(), AppError> {
    let run = caller.scope().find_run(store, id).await?;
    if run.status == RunStatus::FailedNeedsCleanup {
        return Ok(());
    }
    let (run, status) = (run.id, run.status);
    Err(RunError::NothingLeft { run, status }.into())
}

/// Takes the lease for removing what a failed run left on the forge.
pub async fn claim_for_cleanup(
    store: &dyn Store,
    caller: &Caller,
    worker: &WorkerId,
    id: &RunId,
) -> Result<Lease, AppError> {
    check_remains(store, caller, id).await?;
    let claimed = store.claim(worker, &ClaimTarget::Ended(id.clone())).await?;
    claimed.ok_or_else(|| RunError::Busy { run: id.clone() }.into())
}

async fn change(
    store: &dyn Store,
    caller: &Caller,
    id: &RunId,
    change: &RunChange,
) -> Result<Run, AppError> {
    caller.check(Access::Write)?;
    if let scope @ Scope::Of(_) = caller.scope() {
        scope.find_run(store, id).await?;
    }
    Ok(store
        .change(id, Actor::Person(caller.user()), change)
        .await?)
}

impl Explain for RunError {
    fn class(&self) -> Class {
        match self {
            Self::NotAccepted | Self::FolderTemplate | Self::NoRuns | Self::NoStatement { .. } => {
                Class::Refused
            }
            Self::NothingLeft { .. } | Self::Busy { .. } => Class::Conflict,
            Self::Ambiguous { .. } => Class::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAccepted => "preview_not_accepted",
            Self::FolderTemplate => "template_is_a_folder",
            Self::NothingLeft { .. } => "run_without_remains",
            Self::Busy { .. } => "run_being_cleaned_up",
            Self::Ambiguous { .. } => "run_ambiguous",
            Self::NoRuns => "run_not_found",
            Self::NoStatement { .. } => "statement_not_found",
        }
    }

    fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::NotAccepted => "fix the findings of the preview first".into(),
            Self::FolderTemplate => {
                "name the template by the URL of its repository, or include it in the catalogue"
                    .into()
            }
            Self::NothingLeft { .. } => {
                "only runs in status FAILED_NEEDS_CLEANUP leave something".into()
            }
            Self::Busy { run } => format!("look at `groundplan runs show {run}`").into(),
            Self::Ambiguous { .. } => {
                "write more of the id, as `groundplan runs list` prints it".into()
            }
            Self::NoRuns => "submit one with `groundplan runs submit`".into(),
            Self::NoStatement { .. } => {
                "a worker with a signing key adds one when the run succeeds; see docs/signing.md"
                    .into()
            }
        })
    }
}
