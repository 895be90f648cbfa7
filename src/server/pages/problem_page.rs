//! A failure as a page.

use super::frame::{Frame, Html};
use crate::server::guard::Signed;
use crate::server::problem::ProblemDocument;
use crate::server::state::ServerState;
use askama::Template;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    problem: ProblemDocument,
}

/// The answer; as a page if it is a failure and the request accepts pages.
pub(super) fn render(state: &ServerState, parts: &Parts, response: Response) -> Response {
    let accepts_pages = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    let Some(problem) = response.extensions().get::<ProblemDocument>() else {
        return response;
    };
    if !accepts_pages {
        return response;
    }
    let frame = Frame::new(state, parts, parts.extensions.get::<Signed>());
    let content = ProblemPage {
        frame,
        problem: problem.clone(),
    };
    let mut page = (response.status(), Html(content)).into_response();
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    page
}
