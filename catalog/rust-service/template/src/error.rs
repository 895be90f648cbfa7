//! Errors as responses: problem details for HTTP APIs, RFC 9457.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[derive(Debug)]
pub enum Error {
    NotFound,
    /// The request cannot be processed; the text is for the client.
    Invalid(String),
    /// The cause is logged, and the client learns nothing about it.
    Internal(anyhow::Error),
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, None),
            Self::Invalid(detail) => (StatusCode::UNPROCESSABLE_ENTITY, Some(detail)),
            Self::Internal(cause) => {
                tracing::error!("{cause:#}");
                (StatusCode::INTERNAL_SERVER_ERROR, None)
            }
        };
        let mut problem = json!({ "status": status.as_u16(), "title": status.canonical_reason() });
        if let Some(detail) = detail {
            problem["detail"] = detail.into();
        }
        let kind = [(CONTENT_TYPE, "application/problem+json")];
        (status, kind, problem.to_string()).into_response()
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            error => Self::Internal(anyhow::Error::from(error).context("a query failed")),
        }
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}
