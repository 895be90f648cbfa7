//! Catalogues: listing, reading, checking, publishing and comparing them.

use super::previews::{immutable, is_known, on_a_core};
use crate::app::catalog_drafts;
use crate::app::catalog_versions::{self, CatalogDiff, CatalogPairs};
use crate::app::catalogs::{CatalogDetails, CatalogSummary, OpenedCatalog};
use crate::app::checks;
use crate::app::templates::{self, TemplateRequest};
use crate::model::diagnostic::Diagnostic;
use crate::model::digest::Digest;
use crate::model::path::TreePath;
use crate::model::slug::Slug;
use crate::server::body::{Json, JsonBody, request_bodies};
use crate::server::guard::Signed;
use crate::server::page::{Page, Query};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::catalog::CatalogVersion;
use crate::store::listed::Listed;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Parameters of a catalogue.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct VersionQuery {
    /// The number of a published version. By default the version that the server offers.
    version: Option<i64>,
}

/// Parameters of a comparison.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::server) struct DiffQuery {
    /// The number of the older published version. By default the newest one.
    from: Option<i64>,
}

/// The files of a catalogue to be checked.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct CheckRequest {
    /// Texts by path, such as `catalog/nextjs/catalog.yaml`. They replace the files of the offered version; null removes
    /// one.
    pub(super) files: BTreeMap<TreePath, Option<String>>,
}

/// The draft to publish.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::server) struct PublishRequest {
    /// The hash of the draft; another draft is not published. Without it, the version that the server offers is published,
    /// and a draft stays.
    #[serde(default)]
    pub(super) expect: Option<Digest>,
}

/// The findings of a check.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::server) struct CheckAnswer {
    /// True if no finding is an error.
    usable: bool,
    findings: Vec<Diagnostic>,
}

request_bodies!(CheckRequest, PublishRequest);

/// `GET /catalogs`
pub(in crate::server) async fn list(
    State(state): State<Arc<ServerState>>,
    _: Signed,
) -> Json<Page<CatalogSummary>> {
    let summaries = state.catalogs.values().map(|opened| opened.summary());
    Json(Page::whole(summaries.collect()))
}

/// `GET /catalogs/{slug}`
pub(in crate::server) async fn find(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    Query(query): Query<VersionQuery>,
    headers: HeaderMap,
    _: Signed,
) -> Result<Response, Problem> {
    let opened = match query.version {
        Some(number) => published(&state, &slug, Some(number)).await?,
        None => OpenedCatalog::clone(&*state.catalog(&slug).await?),
    };
    let details: CatalogDetails = opened.details();
    let tag = format!("\"{}\"", details.catalog_version);
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    if query.version.is_some() {
        return Ok((immutable(tag), Json(details)).into_response());
    }
    let fresh = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    Ok((fresh, Json(details)).into_response())
}

/// `POST /catalogs/{slug}/check`
pub(in crate::server) async fn check(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    _: Signed,
    JsonBody(request): JsonBody<CheckRequest>,
) -> Result<Json<CheckAnswer>, Problem> {
    let opened = state.catalog(&slug).await?;
    let answer = on_a_core(&state, move |_| {
        let source = catalog_drafts::changed(&opened, request.files);
        let findings = checks::catalogs(source).findings.findings;
        Ok(CheckAnswer {
            usable: !findings.iter().any(Diagnostic::is_error),
            findings,
        })
    })
    .await?;
    Ok(Json(answer))
}

/// `POST /catalogs/{slug}/publish`
pub(in crate::server) async fn publish(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    signed: Signed,
    request: Option<JsonBody<PublishRequest>>,
) -> Result<(StatusCode, Json<CatalogVersion>), Problem> {
    if let Some(draft) = request.and_then(|JsonBody(request)| request.expect) {
        let (catalog, caller) = (parse(&slug)?, &signed.caller);
        let version = catalog_drafts::publish(&state.database, caller, &catalog, &draft).await?;
        return Ok((StatusCode::CREATED, Json(version)));
    }
    let opened = state.catalog(&slug).await?;
    let offered = [OpenedCatalog::clone(&opened)];
    let mut published =
        catalog_versions::publish(&state.database, &signed.caller, &offered).await?;
    let version = published.pop().ok_or_else(Problem::not_found)?;
    Ok((StatusCode::CREATED, Json(version)))
}

/// `GET /catalogs/{slug}/versions`
pub(in crate::server) async fn versions(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    _: Signed,
) -> Result<Json<Page<Listed<CatalogVersion>>>, Problem> {
    let versions = catalog_versions::history(&state.database, &parse(&slug)?).await?;
    if versions.is_empty() {
        // An unknown catalogue is no catalogue without versions.
        state.catalog(&slug).await?;
    }
    Ok(Json(Page::whole(versions)))
}

/// `GET /catalogs/{slug}/diff`
pub(in crate::server) async fn diff(
    State(state): State<Arc<ServerState>>,
    Path(slug): Path<String>,
    Query(query): Query<DiffQuery>,
    _: Signed,
) -> Result<Json<CatalogDiff>, Problem> {
    let new = state.catalog(&slug).await?;
    let old = published(&state, &slug, query.from).await?;
    let diff = on_a_core(&state, move |state| {
        let new = OpenedCatalog::clone(&new);
        let pairs = CatalogPairs::of(vec![old], vec![new], None)?;
        let cache = || (state.cache)();
        let own = TemplateRequest::default();
        Ok(pairs.compare(|opened| templates::open(&own, opened, &cache))?)
    })
    .await?;
    Ok(Json(diff))
}

async fn published(
    state: &ServerState,
    slug: &str,
    number: Option<i64>,
) -> Result<OpenedCatalog, Problem> {
    Ok(catalog_versions::open_published(&state.database, &parse(slug)?, number).await?)
}

pub(in crate::server) fn parse(slug: &str) -> Result<Slug, Problem> {
    Slug::parse(slug).map_err(|_| Problem::not_found())
}
