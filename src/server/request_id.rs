//! The id of a request, for its answer and the log.

use crate::store::id::RunId;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// The header of the id, in requests and answers.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a request, in bytes.
const LONGEST: usize = 64;

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that is being answered; empty outside a request.
pub(super) fn current() -> String {
    CURRENT.try_with(Clone::clone).unwrap_or_default()
}

/// Gives each request an id: that of a proxy before the server, else a new one.
pub(super) async fn assign(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|text| is_id(text))
        .map_or_else(|| RunId::fresh().to_string(), str::to_owned);
    let value = HeaderValue::from_str(&id).expect("an id has letters and digits only");
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    CURRENT
        .scope(id.clone(), async move {
            let mut response = next.run(request).await;
            response.headers_mut().insert(HEADER, value);
            let status = response.status().as_u16();
            tracing::info!(request = id, %method, path, status, "answered");
            response
        })
        .await
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
