//! Runs: submitting, listing, reading and changing them.

use super::previews::failed;
use super::selection::RunRequest;
use crate::app::products;
use crate::app::run_view::{RunView, run_status_of_api};
use crate::app::runs::{self as use_case, SubmitRequest};
use crate::model::digest::GitId;
use crate::server::body::{Json, JsonBody, request_bodies};
use crate::server::guard::Signed;
use crate::server::page::{Page, PageQuery, Query, invalid};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::answer::RequestKey;
use crate::store::id::{ProductId, RunId};
use crate::store::listed::Listed;
use crate::store::run::{Run, RunFilter};
use crate::worker;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

/// Parameters of a list of runs.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct RunQuery {
    /// Statuses in lower case, separated by commas.
    status: Option<String>,
    /// The id of a product.
    product: Option<String>,
    /// True for runs that wait for an approval.
    waiting: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// Number of items, 1 to 200; default 50.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u32>,
}

/// The tree that an administrator approves.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct ApprovalRequest {
    /// The tree id of the run, as it was reviewed.
    pub(super) tree: GitId,
}

/// The way to end a run that left something.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct CleanupRequest {
    /// True to leave what remains to its owner; nothing is removed then.
    #[serde(default)]
    pub(super) release: bool,
}

request_bodies!(ApprovalRequest, CleanupRequest);

/// `POST /runs`
pub(in crate::server) async fn submit(
    State(state): State<Arc<ServerState>>,
    signed: Signed,
    key: Option<Extension<RequestKey>>,
    JsonBody(request): JsonBody<RunRequest>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let run = submit_request(&state, signed, key.map(|Extension(key)| key), request).await?;
    Ok((StatusCode::CREATED, Json(RunView::from(run))))
}

/// Stores a run with its queued job, for the API and for the form of a page.
pub(in crate::server) async fn submit_request(
    state: &Arc<ServerState>,
    signed: Signed,
    key: Option<RequestKey>,
    request: RunRequest,
) -> Result<Run, Problem> {
    let opened = state.catalog(request.preview.catalog.as_str()).await?;
    let permit = state.preview_permit().await?;
    let shared = Arc::clone(state);
    let submitted = spawn_blocking(move || {
        let prepared = request.preview.prepare(&opened, &shared)?;
        let preview = prepared.preview()?;
        if !preview.report.can_proceed {
            return Err(Problem::refused_preview(&preview.report));
        }
        // A slow forge must not keep a core from the previews of others.
        drop(permit);
        Handle::current().block_on(async {
            let (database, caller) = (&shared.database, &signed.caller);
            // The server adds products by a request of their own.
            products::find(database, caller, &request.product).await?;
            let submit = SubmitRequest {
                product: Some(request.product),
                expected: Some(request.expect),
                key,
            };
            let policy = &shared.context.policy;
            // Before the forge is asked, and before its token is missed.
            use_case::submission(policy, caller, &submit, &preview)?;
            let forge = shared.forge_of(caller.user()).await?;
            let asked = Some(shared.asked(forge.as_ref()));
            Ok(use_case::submit(database, policy, caller, &submit, &preview, asked).await?)
        })
    });
    submitted.await.map_err(|error| failed(&error))?
}

/// `GET /runs`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<RunQuery>,
    signed: Signed,
) -> Result<Json<Page<Listed<RunView>>>, Problem> {
    let page = PageQuery {
        after: query.after.clone(),
        limit: query.limit,
    };
    let limit = page.limit()?;
    let filter = RunFilter {
        limit: Some(limit + 1),
        after: after(&page.cursor()?)?,
        ..query.filter()?
    };
    let runs = use_case::list_for(state.database.as_ref(), &signed.caller, filter).await?;
    let cursor = |run: &Listed<Run>| match run {
        Listed::Readable(run) => run.id.to_string(),
        Listed::Unreadable(row) => row.id.clone(),
    };
    let page = Page::of(runs, limit, cursor);
    let view = |run: Listed<Run>| match run {
        Listed::Readable(run) => Listed::Readable(RunView::from(run)),
        Listed::Unreadable(row) => Listed::Unreadable(row),
    };
    Ok(Json(Page {
        items: page.items.into_iter().map(view).collect(),
        next: page.next,
    }))
}

impl RunQuery {
    fn filter(&self) -> Result<RunFilter, Problem> {
        let statuses = self.status.iter().flat_map(|text| text.split(','));
        let product = self.product.as_deref().map(ProductId::parse).transpose();
        Ok(RunFilter {
            product: product.map_err(invalid)?,
            statuses: statuses
                .map(|text| {
                    run_status_of_api(text).ok_or_else(|| {
                        invalid(format!("`{}` is no status of a run", text.escape_debug()))
                    })
                })
                .collect::<Result<_, _>>()?,
            awaiting_approval: self.waiting,
            ..RunFilter::default()
        })
    }
}

/// The run that a cursor names.
fn after(cursor: &str) -> Result<Option<RunId>, Problem> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let run = RunId::parse(cursor);
    run.map(Some)
        .map_err(|_| invalid("`after` is not the `next` of a page of runs"))
}

/// `GET /runs/{id}`
pub(in crate::server) async fn find(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<RunView>, Problem> {
    Ok(Json(read(&state, &signed, &parse(&id)?).await?))
}

/// `GET /runs/{id}/statement`
pub(in crate::server) async fn statement(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<Value>, Problem> {
    let scope = signed.caller.scope();
    let statement = use_case::statement(state.database.as_ref(), &scope, &parse(&id)?).await?;
    Ok(Json(statement))
}

/// `POST /runs/{id}/cancel`
pub(in crate::server) async fn cancel(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<RunView>, Problem> {
    let id = parse(&id)?;
    use_case::cancel(state.database.as_ref(), &signed.caller, &id).await?;
    Ok(Json(read(&state, &signed, &id).await?))
}

/// `POST /runs/{id}/retry`
pub(in crate::server) async fn retry(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
) -> Result<Json<RunView>, Problem> {
    let id = parse(&id)?;
    use_case::retry(state.database.as_ref(), &signed.caller, &id).await?;
    Ok(Json(read(&state, &signed, &id).await?))
}

/// `POST /runs/{id}/approve`
pub(in crate::server) async fn approve(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    JsonBody(request): JsonBody<ApprovalRequest>,
) -> Result<Json<RunView>, Problem> {
    let id = parse(&id)?;
    let (store, policy) = (state.database.as_ref(), &state.context.policy);
    use_case::approve(store, policy, &signed.caller, &id, request.tree, None).await?;
    Ok(Json(read(&state, &signed, &id).await?))
}

/// `POST /runs/{id}/cleanup`
pub(in crate::server) async fn clean_up(
    State(state): State<Arc<ServerState>>,
    Path(id): Path<String>,
    signed: Signed,
    JsonBody(request): JsonBody<CleanupRequest>,
) -> Result<Json<RunView>, Problem> {
    let id = parse(&id)?;
    clean_up_run(&state, &signed, &id, request.release).await?;
    Ok(Json(read(&state, &signed, &id).await?))
}

/// Removes what a failed run left on the forge, or with `release` leaves it to its owner.
pub(in crate::server) async fn clean_up_run(
    state: &ServerState,
    signed: &Signed,
    id: &RunId,
    release: bool,
) -> Result<(), Problem> {
    let (store, caller) = (state.database.as_ref(), &signed.caller);
    if release {
        use_case::release(store, caller, id).await?;
    } else {
        let context = &state.context;
        let lease = use_case::claim_for_cleanup(store, caller, &context.worker, id).await?;
        let log = state.logs.run_log(&lease);
        worker::clean_up(context, lease, log)
            .await
            .map_err(|error| {
                Problem::new(StatusCode::CONFLICT, "cleanup_failed", error.to_string())
                    .hinted("look at the repository on the forge; `release` keeps it")
            })?;
    }
    Ok(())
}

pub(in crate::server) fn parse(id: &str) -> Result<RunId, Problem> {
    RunId::parse(id).map_err(|_| Problem::not_found())
}

async fn read(state: &ServerState, signed: &Signed, id: &RunId) -> Result<RunView, Problem> {
    let scope = signed.caller.scope();
    let details = use_case::show(state.database.as_ref(), &scope, id).await?;
    Ok(RunView::from(details))
}
