//! The versions of this server, and the OpenAPI document.

use crate::app::jobs::{self, KindInfo};
use crate::model::action::ACTION_SCHEMA_VERSION;
use crate::model::digest::Digest;
use crate::schemas;
use crate::server::body::Json;
use crate::server::openapi as document;
use crate::server::state::ServerState;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// The versions of a server.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::server) struct Versions {
    /// The program and its version.
    generator: &'static str,
    action_schema_version: u32,
    /// Two servers with equal hashes read actions in the same way.
    schema_hash: Digest,
    /// The version of each catalogue.
    catalogs: BTreeMap<String, Digest>,
    /// The known kinds of jobs.
    kinds: Vec<KindInfo>,
}

/// `GET /version`
pub(in crate::server) async fn versions(State(state): State<Arc<ServerState>>) -> Json<Versions> {
    let version = |opened: &crate::app::catalogs::OpenedCatalog| opened.catalog.version().clone();
    Json(Versions {
        generator: concat!("groundplan ", env!("CARGO_PKG_VERSION")),
        action_schema_version: ACTION_SCHEMA_VERSION,
        schema_hash: schemas::schema_hash(),
        catalogs: state
            .catalogs
            .iter()
            .map(|(slug, opened)| (slug.clone(), version(opened)))
            .collect(),
        kinds: jobs::kinds(),
    })
}

/// `GET /openapi.json`
pub(in crate::server) async fn openapi() -> impl IntoResponse {
    static DOCUMENT: LazyLock<String> = LazyLock::new(document::text);
    (
        [(header::CONTENT_TYPE, "application/json")],
        DOCUMENT.as_str(),
    )
}
