//! Pages of lists, with a cursor to the next one.

use super::problem::Problem;
use axum::extract::{self, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// A page of a list.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The value of `after` for the next page; null on the last one.
    pub next: Option<String>,
}

/// The parameters of a page.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PageQuery {
    /// `next` of the page before.
    pub after: Option<String>,
    /// Number of items, 1 to 200; default 50.
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
}

impl<T> Page<T> {
    /// A list that fits on one page.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// The first `limit` items of a list that was read with one more, and the cursor of the last of them.
    pub(super) fn of(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let next = (items.len() > limit)
            .then(|| items.get(limit.wrapping_sub(1)).map(&cursor))
            .flatten()
            .map(|text| URL_SAFE_NO_PAD.encode(text));
        items.truncate(limit);
        Self { items, next }
    }
}

impl PageQuery {
    /// The number of items.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=200 => Ok(limit),
            _ => Err(invalid("`limit` is a number from 1 to 200")),
        }
    }

    /// The text of the cursor; empty for the first page.
    pub(super) fn cursor(&self) -> Result<String, Problem> {
        let after = self.after.as_deref().unwrap_or("");
        URL_SAFE_NO_PAD
            .decode(after)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| invalid("`after` is not the `next` of a page"))
    }
}

/// The parameters in the query of a request. Those that cannot be parsed are a problem, unlike those of the web framework.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match extract::Query::try_from_uri(&parts.uri) {
            Ok(extract::Query(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(invalid(format!("invalid query: {}", rejection.body_text()))),
        }
    }
}

/// A parameter that cannot be parsed.
pub(super) fn invalid(detail: impl Display) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "parameter_invalid",
        detail.to_string(),
    )
}
