//! An operation of the API: its address, access, parameters and answers, and the handler behind it.

use super::state::ServerState;
use super::{compression, guard};
use crate::app::caller::Access;
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::sync::Arc;

/// Writes the schema of a type into a generator.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The credential that an operation requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// None: everyone may call it.
    Nothing,
    /// That of a user with these rights.
    User(Access),
    /// The secret of the scheduler.
    Scheduler,
}

/// The checks before the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    pub credential: Credential,
    /// True if an `Idempotency-Key` makes a repeated request change nothing.
    pub keeps_answers: bool,
}

/// The content of an answer.
#[derive(Clone, Copy)]
pub enum Content {
    Nothing,
    Json(SchemaOf),
    /// Bytes with a media type.
    Bytes(&'static str),
}

/// An operation.
pub struct Operation {
    pub method: Method,
    /// The path below `/api/v1`, with `{parameters}`.
    pub path: &'static str,
    /// The name of the operation in generated clients.
    pub id: &'static str,
    pub summary: &'static str,
    pub guarded: Guarded,
    pub query: Option<SchemaOf>,
    pub body: Option<SchemaOf>,
    /// True if a request may come without the body.
    pub is_body_optional: bool,
    pub answers: Vec<(StatusCode, Content)>,
    /// True if an answer may have a secret beside a text of the request, so that it is never compressed.
    pub has_secrets: bool,
    /// True if what it is about may not exist, or may belong to another user.
    pub may_miss: bool,
    handler: MethodRouter<Arc<ServerState>>,
}

impl Operation {
    /// An operation that every user may call, and that answers nothing yet.
    pub fn new<H, T>(
        method: Method,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Arc<ServerState>>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).expect("a standard method");
        Self {
            guarded: Guarded {
                credential: Credential::User(if method.is_safe() {
                    Access::Read
                } else {
                    Access::Write
                }),
                keeps_answers: method == Method::POST,
            },
            may_miss: path.contains('{'),
            method,
            path,
            id,
            summary,
            query: None,
            body: None,
            is_body_optional: false,
            answers: Vec::new(),
            has_secrets: false,
            handler: on(filter, handler),
        }
    }

    /// The operation with other rights than its method suggests.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.guarded.credential = Credential::User(access);
        self
    }

    /// An operation that no user calls: an answer is kept for users only.
    #[must_use]
    pub fn without_user(mut self, credential: Credential) -> Self {
        self.guarded = Guarded {
            credential,
            keeps_answers: false,
        };
        self
    }

    /// The operation with an answer for what does not exist, though its path names nothing.
    #[must_use]
    pub fn may_miss(mut self) -> Self {
        self.may_miss = true;
        self
    }

    /// The operation with secrets in its answers.
    #[must_use]
    pub fn has_secrets(mut self) -> Self {
        self.has_secrets = true;
        self
    }

    /// A POST that changes nothing, so that no answer is kept.
    #[must_use]
    pub fn reads(mut self) -> Self {
        self.guarded = Guarded {
            credential: Credential::User(Access::Read),
            keeps_answers: false,
        };
        self
    }

    /// The operation with parameters in its query.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// The operation with a JSON body.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// The operation with a JSON body that may be left out.
    #[must_use]
    pub fn optional_body<T: JsonSchema>(mut self) -> Self {
        self.is_body_optional = true;
        self.body::<T>()
    }

    /// The operation with a JSON answer.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: StatusCode) -> Self {
        let content = Content::Json(SchemaGenerator::subschema_for::<T>);
        self.answers.push((status, content));
        self
    }

    /// The operation with an answer without content.
    #[must_use]
    pub fn answers_nothing(mut self, status: StatusCode) -> Self {
        self.answers.push((status, Content::Nothing));
        self
    }

    /// The operation with an answer of another media type.
    #[must_use]
    pub fn answers_bytes(mut self, media_type: &'static str) -> Self {
        self.answers
            .push((StatusCode::OK, Content::Bytes(media_type)));
        self
    }

    /// The route, with the checks before the handler.
    pub(super) fn route(
        self,
        state: &Arc<ServerState>,
    ) -> (&'static str, MethodRouter<Arc<ServerState>>) {
        let checked = (Arc::clone(state), self.guarded);
        let layer = middleware::from_fn_with_state(checked, guard::check);
        let mut handler = self.handler.layer(layer);
        if self.has_secrets {
            handler = handler.layer(middleware::map_response(compression::exempt));
        }
        (self.path, handler)
    }
}
