//! Failures as `application/problem+json` (RFC 9457).

use super::request_id;
use crate::app::error::{AppError, Findings};
use crate::error::{Class, Explain, Setting, chain, hints};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::report::Report;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::any::Any;

/// A failure, with the headers of its answer.
#[derive(Clone, Debug)]
pub struct Problem(Box<ProblemAnswer>);

#[derive(Clone, Debug)]
struct ProblemAnswer {
    document: ProblemDocument,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The document of a failure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Problem")]
pub struct ProblemDocument {
    /// `about:blank`: `code` identifies the kind of failure.
    pub r#type: &'static str,
    /// The phrase of the status.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The failure in one sentence.
    pub detail: String,
    /// A stable name in snake case.
    pub code: String,
    /// The id of the request, also in the header `x-request-id`.
    pub request_id: String,
    /// The next steps.
    pub hints: Vec<String>,
    /// The faults of the request's document.
    pub errors: Vec<ProblemError>,
}

/// A fault of a request's document, or of the result that it asks for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemError {
    /// JSON pointer to the value (RFC 6901); empty for the whole document.
    pub pointer: String,
    pub code: Code,
    pub message: String,
    pub help: Option<String>,
    /// The line of the fault in a document that the request contains, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// The media type of all failures.
pub const MEDIA_TYPE: &str = "application/problem+json";

impl Problem {
    /// A failure with a status.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let document = ProblemDocument {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            // Set when the answer is written: work on other threads does not know the request.
            request_id: String::new(),
            hints: Vec::new(),
            errors: Vec::new(),
        };
        let headers = Vec::new();
        Self(Box::new(ProblemAnswer { document, headers }))
    }

    /// The failure with a next step.
    #[must_use]
    pub fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.0.document.hints.push(hint.into());
        self
    }

    /// The failure with a header in its answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The document of the answer, before it has the id of a request.
    pub fn document(&self) -> &ProblemDocument {
        &self.0.document
    }

    /// The failure in one sentence.
    pub fn detail(&self) -> &str {
        &self.0.document.detail
    }

    /// Nothing is there, or it belongs to another user.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is nothing at this address",
        )
    }

    /// An address that answers other methods.
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "this address does not support the method",
        )
    }

    /// A request without a valid credential.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "the request has no valid credential",
        )
        .hinted("send `Authorization: Bearer TOKEN`; create a token with `groundplan token create`")
        .with_header(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// More requests than the rate allows.
    pub fn too_many() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "too many requests of this kind",
        )
        .hinted("wait a minute, then try again")
        .with_header(header::RETRY_AFTER, "60")
    }

    /// More work than this server does at a time.
    pub fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "server_busy",
            "the server is busy",
        )
        .hinted("try again")
        .with_header(header::RETRY_AFTER, "1")
    }

    /// A fault of this program.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "the server failed",
        )
        .hinted("report the request id; the log of the server has the cause")
    }

    /// The answer to a request whose handler panicked.
    pub(super) fn panicked(panic: &(dyn Any + Send)) -> Response {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a text".to_owned());
        tracing::error!(panic = text, "a request failed by a fault of this program");
        Self::internal().into_response()
    }

    /// Findings in the document of the request.
    pub fn findings(findings: &[Diagnostic]) -> Self {
        let is_unreadable = findings.iter().any(|finding| is_syntax(finding.code));
        let status = if is_unreadable {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let detail = match findings {
            [one] => one.message.clone(),
            many => format!("the request has {} findings", many.len()),
        };
        let code = if is_unreadable {
            "unreadable"
        } else {
            "findings"
        };
        let mut problem = Self::new(status, code, detail);
        problem.0.document.errors = findings.iter().map(ProblemError::from).collect();
        problem
    }

    /// Findings in a document that a readable request contains, each with its line.
    pub fn of_document(findings: &[Diagnostic]) -> Self {
        let mut problem = Self::findings(findings);
        let Self(answer) = &mut problem;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        answer.document.status = status.as_u16();
        answer.document.title = status.canonical_reason().unwrap_or("Error");
        "findings".clone_into(&mut answer.document.code);
        for (error, finding) in answer.document.errors.iter_mut().zip(findings) {
            error.line = finding.location.as_ref().map(|location| location.line);
        }
        problem
    }

    /// A preview whose repository cannot be created.
    pub fn refused_preview(report: &Report) -> Self {
        let findings: Vec<Diagnostic> = report.obstacles().cloned().collect();
        Self::findings(&findings)
    }

    fn of_error(error: &dyn Explain) -> Self {
        let status = status_of(error);
        if status.is_server_error() {
            tracing::warn!(code = error.code(), "{}", chain(error));
        }
        let name = |setting: Setting| format!("`{}`", setting.name());
        let mut problem = Self::new(status, error.code(), chain(error));
        problem.0.document.hints = hints(error).iter().map(|hint| hint.render(name)).collect();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return problem.with_header(header::RETRY_AFTER, "5");
        }
        problem
    }
}

/// True for the faults of a text that is no document at all.
fn is_syntax(code: Code) -> bool {
    matches!(
        code,
        Code::NotPlainText
            | Code::Syntax
            | Code::DuplicateKey
            | Code::TooDeep
            | Code::TooManyValues
            | Code::DocumentTooLarge
    )
}

/// The HTTP status of an error: by its code where HTTP has one for it, else by its class.
fn status_of(error: &dyn Explain) -> StatusCode {
    match error.code() {
        "user_demo" | "not_an_administrator" | "option_for_administrators" => StatusCode::FORBIDDEN,
        "run_not_found"
        | "job_not_found"
        | "idea_not_found"
        | "product_not_found"
        | "user_not_found"
        | "api_token_not_found"
        | "preview_not_found"
        | "statement_not_found"
        | "catalog_not_found"
        | "catalog_not_published"
        | "draft_not_found"
        | "file_not_found" => StatusCode::NOT_FOUND,
        "tree_differs" | "draft_differs" => StatusCode::PRECONDITION_FAILED,
        _ => match error.class() {
            Class::Usage | Class::Refused | Class::Credential => StatusCode::UNPROCESSABLE_ENTITY,
            Class::Conflict => StatusCode::CONFLICT,
            Class::Environment | Class::Retryable | Class::Interrupted => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        },
    }
}

impl From<&Diagnostic> for ProblemError {
    fn from(finding: &Diagnostic) -> Self {
        Self {
            pointer: finding.pointer.clone(),
            code: finding.code,
            message: finding.message.clone(),
            help: finding.help.clone(),
            line: None,
        }
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Findings(findings) => {
                let Findings { findings, .. } = *findings;
                Self::findings(&findings)
            }
            AppError::Explained(error) => Self::of_error(error.as_ref()),
        }
    }
}

impl<E: Explain> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::of_error(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let ProblemAnswer {
            mut document,
            headers,
        } = *self.0;
        document.request_id = request_id::current();
        let body = serde_json::to_string(&document).unwrap_or_else(|error| {
            tracing::error!(%error, "cannot write a problem document");
            String::new()
        });
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = headers.into_iter().map(|(name, value)| (Some(name), value));
        response.headers_mut().extend(headers);
        // A page shows the same document.
        response.extensions_mut().insert(document);
        response
    }
}
