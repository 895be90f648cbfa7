//! Requests with an `Idempotency-Key`: the same request with the same key is carried out once.

use super::body;
use super::problem::Problem;
use super::state::ServerState;
use crate::app::caller::Caller;
use crate::app::products;
use crate::app::run_view::RunView;
use crate::model::digest::Digest;
use crate::store::answer::{Answer, Begun, CreatedObject, RequestKey};
use crate::store::id::UserId;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The largest answer that is kept, in bytes. Reports of big previews are larger; they change nothing.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Carries out a request, or repeats the answer that its key was given before.
pub(super) async fn once(
    state: &ServerState,
    caller: &Caller,
    request: Request,
    next: Next,
) -> Response {
    let Some(key) = request.headers().get(KEY).cloned() else {
        return next.run(request).await;
    };
    match answer(state, caller, &key, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(
    state: &ServerState,
    caller: &Caller,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = key
        .to_str()
        .ok()
        .and_then(RequestKey::parse)
        .ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "idempotency_key_invalid",
                "an idempotency key has 1 to 255 printable ASCII characters",
            )
        })?;
    let user = caller.user();
    let (mut parts, body) = request.into_parts();
    let head = Request::from_parts(parts.clone(), body);
    let bytes = body::read(head, state).await?;
    let mut identity = format!("{} {}\n", parts.method, parts.uri).into_bytes();
    identity.extend_from_slice(&bytes);
    let hash = Digest::of(&identity);
    match state
        .database
        .begin_answer(user, &key, hash.as_str())
        .await?
    {
        Begun::New => {}
        Begun::InProgress => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "request_in_progress",
                "the same request is being carried out",
            )
            .hinted("wait, then send it again with the same key")
            .with_header(header::RETRY_AFTER, "1"));
        }
        Begun::OtherRequest => {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "the idempotency key was used with another request",
            )
            .hinted("use a new key for each new request"));
        }
        Begun::Answered(answer) => return Ok(replay(&answer)),
        Begun::Created(created) => return again(state, caller, created).await,
    }
    parts.extensions.insert(key.clone());
    let response = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    keep(state, user, &key, response).await
}

/// Keeps an answer. One that says nothing about the request itself, such as a failure of the server, is forgotten.
async fn keep(
    state: &ServerState,
    user: &UserId,
    key: &RequestKey,
    response: Response,
) -> Result<Response, Problem> {
    let status = response.status();
    let is_kept = !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS;
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, LARGEST_ANSWER).await.map_err(|error| {
        tracing::error!(%error, "cannot read an answer");
        Problem::internal()
    })?;
    let json = serde_json::from_slice(&bytes).ok().filter(|_| is_kept);
    match json {
        Some(body) => {
            let answer = Answer {
                status: status.as_u16(),
                body,
            };
            state.database.keep_answer(user, key, &answer).await?;
        }
        None => state.database.forget_answer(user, key).await?,
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// The answer to a request that has created something and was not answered.
async fn again(
    state: &ServerState,
    caller: &Caller,
    created: CreatedObject,
) -> Result<Response, Problem> {
    let database = &state.database;
    let body = match created {
        CreatedObject::Run(run) => {
            let run = caller.scope().find_run(database.as_ref(), &run).await?;
            body::to_text(&RunView::from(run))?
        }
        CreatedObject::Product(product) => {
            body::to_text(&products::find(database, caller, &product).await?)?
        }
    };
    let headers = [(REPLAYED, HeaderValue::from_static("true"))];
    Ok((StatusCode::CREATED, headers, body::JsonText(body)).into_response())
}

fn replay(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let media_type = if status.is_success() {
        "application/json"
    } else {
        super::problem::MEDIA_TYPE
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (REPLAYED, HeaderValue::from_static("true")),
    ];
    (status, headers, answer.body.to_string()).into_response()
}
