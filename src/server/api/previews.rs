//! Previews, and the files of those that are kept.

use super::selection::PreviewRequest;
use crate::app::kept_previews::{self, ComputedPreview, PreviewFile};
use crate::app::previews as use_case;
use crate::engine::Preview;
use crate::forge::Forge;
use crate::model::digest::GitId;
use crate::model::path::TreePath;
use crate::model::report::Report;
use crate::resolve::stored::Accepted;
use crate::server::archive;
use crate::server::body::{self, Json, JsonBody, JsonText};
use crate::server::guard::Signed;
use crate::server::page::{Query, invalid};
use crate::server::problem::Problem;
use crate::server::rates::Rated;
use crate::server::state::ServerState;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{JoinError, spawn_blocking};

/// Parameters of a preview.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct PreviewQuery {
    /// True to ask the forge about owner, name and token, and to add its answers to the report.
    forge: bool,
}

/// The formats of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Download {
    Zip,
    Patch,
}

/// `POST /previews`
pub(in crate::server) async fn create(
    State(state): State<Arc<ServerState>>,
    Query(query): Query<PreviewQuery>,
    signed: Signed,
    JsonBody(request): JsonBody<PreviewRequest>,
) -> Result<JsonText, Problem> {
    state.count(Rated::Preview, &signed.caller)?;
    let forge = if query.forge {
        Some(state.forge_of(signed.caller.user()).await?)
    } else {
        None
    };
    let preview = state.keep_preview(request, &signed, forge).await?;
    Ok(JsonText(preview.text))
}

impl ServerState {
    /// Computes the preview of a request, asks the forge about it, and keeps it for its user.
    pub(in crate::server) async fn keep_preview(
        self: &Arc<Self>,
        request: PreviewRequest,
        signed: &Signed,
        forge: Option<Box<dyn Forge>>,
    ) -> Result<ComputedPreview, Problem> {
        let shared = Arc::clone(self);
        let computed = self.compute(request, move |mut preview, permit| {
            drop(permit);
            if let Some(forge) = forge {
                let asked = shared.asked(forge.as_ref());
                Handle::current().block_on(use_case::ask_forge(asked, &mut preview))?;
            }
            let text = body::to_text(&preview.report)?;
            let (plan, report) = (preview.plan, preview.report);
            Ok(ComputedPreview { plan, report, text })
        });
        let preview = computed.await?;
        let (recent, now) = (&self.recent, self.clock().now());
        kept_previews::keep(&self.database, recent, &signed.caller, &preview, now).await?;
        Ok(preview)
    }

    /// The report of a request; nothing is kept.
    pub(in crate::server) async fn preview(
        self: &Arc<Self>,
        request: PreviewRequest,
    ) -> Result<Report, Problem> {
        self.compute(request, |preview, _| Ok(preview.report)).await
    }

    /// Computes the preview of a request on a thread for it, and passes it on there with the permit of that core.
    pub(super) async fn compute<T: Send + 'static>(
        self: &Arc<Self>,
        request: PreviewRequest,
        then: impl FnOnce(Preview<'_>, OwnedSemaphorePermit) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let opened = self.catalog(request.catalog.as_str()).await?;
        let permit = self.preview_permit().await?;
        let shared = Arc::clone(self);
        let computed = spawn_blocking(move || {
            let prepared = request.prepare(&opened, &shared)?;
            then(prepared.preview()?, permit)
        });
        computed.await.map_err(|error| failed(&error))?
    }
}

/// `GET /previews/{treeId}/files/{path}`
pub(in crate::server) async fn file(
    State(state): State<Arc<ServerState>>,
    Path((tree, path)): Path<(String, String)>,
    headers: HeaderMap,
    signed: Signed,
) -> Result<Response, Problem> {
    let path = TreePath::parse(&path).map_err(|_| Problem::not_found())?;
    let accepted = kept(&state, &signed, &tree).await?;
    let tag = format!("\"{tree}\"");
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let file: PreviewFile = on_a_core(&state, move |state| {
        Ok(kept_previews::file(
            &state.context.templates,
            &accepted,
            &path,
        )?)
    })
    .await?;
    Ok((immutable(tag), Json(file)).into_response())
}

/// `GET /previews/{treeId}/archive.zip`
pub(in crate::server) async fn zip(
    state: State<Arc<ServerState>>,
    tree: Path<String>,
    signed: Signed,
) -> Result<Response, Problem> {
    download(state, tree, signed, Download::Zip).await
}

/// `GET /previews/{treeId}/archive.patch`
pub(in crate::server) async fn patch(
    state: State<Arc<ServerState>>,
    tree: Path<String>,
    signed: Signed,
) -> Result<Response, Problem> {
    download(state, tree, signed, Download::Patch).await
}

async fn download(
    State(state): State<Arc<ServerState>>,
    Path(tree): Path<String>,
    signed: Signed,
    format: Download,
) -> Result<Response, Problem> {
    let accepted = kept(&state, &signed, &tree).await?;
    let repo = accepted.plan.inputs.repo.clone();
    let folder = repo.to_string();
    let bytes = on_a_core(&state, move |state| {
        let files = kept_previews::files(&state.context.templates, &accepted)?;
        match format {
            Download::Zip => archive::zip(&folder, &files),
            Download::Patch => Ok(archive::patch(&files)),
        }
    })
    .await?;
    let (media_type, extension) = match format {
        Download::Zip => ("application/zip", "zip"),
        Download::Patch => ("text/x-patch; charset=utf-8", "patch"),
    };
    let disposition = format!("attachment; filename=\"{repo}.{extension}\"");
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, immutable(format!("\"{tree}\"")), bytes).into_response())
}

pub(in crate::server) async fn kept(
    state: &ServerState,
    signed: &Signed,
    tree: &str,
) -> Result<Accepted, Problem> {
    let tree = GitId::parse(tree).map_err(|_| invalid("a tree id has 40 hexadecimal digits"))?;
    let (database, plans) = (&state.database, &state.context.plans);
    Ok(kept_previews::find(database, plans, &signed.caller, &tree).await?)
}

/// Runs work that keeps a core busy, when one is free.
pub(in crate::server) async fn on_a_core<T: Send + 'static>(
    state: &Arc<ServerState>,
    work: impl FnOnce(&ServerState) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let permit = state.preview_permit().await?;
    let shared = Arc::clone(state);
    let worked = spawn_blocking(move || work(&shared))
        .await
        .map_err(|error| failed(&error))?;
    drop(permit);
    worked
}

/// The headers of an answer that never changes.
pub(super) fn immutable(tag: String) -> [(header::HeaderName, String); 2] {
    let cache = "private, max-age=86400, immutable".to_owned();
    [(header::ETAG, tag), (header::CACHE_CONTROL, cache)]
}

/// True if the caller has the answer with this tag.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}

pub(super) fn failed(error: &JoinError) -> Problem {
    tracing::error!(%error, "a request failed by a fault of this program");
    Problem::internal()
}
