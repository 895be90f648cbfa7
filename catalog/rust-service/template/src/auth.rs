//! The check of the bearer token.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq as _;

use crate::app;
use crate::error::Error;

const MIN_LENGTH: usize = 32;

/// The secret that every request must contain. Not `Debug`, so that no log contains it.
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    /// Takes the same time for every wrong token of the same length.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let header = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        header
            .and_then(|header| header.strip_prefix(b"Bearer "))
            .is_some_and(|given| given.ct_eq(self.0.as_bytes()).into())
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() < MIN_LENGTH {
            return Err(format!("a token has at least {MIN_LENGTH} characters"));
        }
        Ok(Self(text.into()))
    }
}

/// Answers with 401 unless the request contains the token.
pub async fn require_token(
    State(state): State<app::State>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    if state.token.is_in(request.headers()) {
        Ok(next.run(request).await)
    } else {
        Err(Error::Unauthorized)
    }
}
