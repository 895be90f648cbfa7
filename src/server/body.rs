//! JSON bodies of requests, validated by the schema of their type with a pointer to each fault.

use super::problem::Problem;
use super::state::ServerState;
use crate::source;
use crate::source::schema::Schema;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::time::timeout;

/// A type of bodies, with its schema.
pub(super) trait RequestBody: DeserializeOwned + JsonSchema + Send + 'static {
    fn schema() -> &'static Schema<Self>;
}

/// Declares types of bodies.
macro_rules! request_bodies {
    ($($body:ty),+ $(,)?) => {$(
        impl $crate::server::body::RequestBody for $body {
            fn schema() -> &'static $crate::source::schema::Schema<Self> {
                static SCHEMA: $crate::source::schema::Schema<$body> =
                    $crate::source::schema::Schema::new();
                &SCHEMA
            }
        }
    )+};
}
pub(super) use request_bodies;

/// A JSON body.
pub(super) struct JsonBody<T>(pub(super) T);

/// An answer that is JSON already.
pub(super) struct JsonText(pub(super) String);

/// A JSON answer.
pub(super) struct Json<T>(pub(super) T);

impl<T: RequestBody> OptionalFromRequest<Arc<ServerState>> for JsonBody<T> {
    type Rejection = Problem;

    /// `None` for an empty body and for `null`.
    async fn from_request(
        request: Request,
        state: &Arc<ServerState>,
    ) -> Result<Option<Self>, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(Request::from_parts(parts.clone(), body), state).await?;
        if matches!(bytes.trim_ascii(), b"" | b"null") {
            return Ok(None);
        }
        let whole = Request::from_parts(parts, Body::from(bytes));
        <Self as FromRequest<Arc<ServerState>>>::from_request(whole, state)
            .await
            .map(Some)
    }
}

impl<T: RequestBody> FromRequest<Arc<ServerState>> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<ServerState>) -> Result<Self, Problem> {
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let is_json = media_type
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split(';').next())
            .is_some_and(|text| text.trim().eq_ignore_ascii_case("application/json"));
        if !is_json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media_type_unsupported",
                "the body is not declared as `application/json`",
            ));
        }
        let bytes = read(request, state).await?;
        let document = source::read("request.json", &bytes)
            .map_err(|findings| Problem::findings(&findings))?;
        let body = T::schema()
            .parse(&document)
            .map_err(|findings| Problem::findings(&findings))?;
        Ok(Self(body))
    }
}

/// The bytes of a body within the limits of length and time.
pub(super) async fn read(request: Request, state: &ServerState) -> Result<Bytes, Problem> {
    timeout(
        state.settings.request_time,
        Bytes::from_request(request, &()),
    )
    .await
    .map_err(|_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "the body did not arrive in time",
        )
        .with_header(header::CONNECTION, "close")
    })?
    .map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "the body is larger than 1 MiB",
            );
        }
        Problem::new(
            StatusCode::BAD_REQUEST,
            "unreadable",
            "the body was cut short",
        )
    })
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match to_text(&self.0) {
            Ok(text) => JsonText(text).into_response(),
            Err(problem) => problem.into_response(),
        }
    }
}

/// A document as JSON.
pub(super) fn to_text<T: Serialize>(document: &T) -> Result<String, Problem> {
    serde_json::to_string(document).map_err(|error| {
        tracing::error!(%error, "cannot write an answer");
        Problem::internal()
    })
}

impl IntoResponse for JsonText {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}
