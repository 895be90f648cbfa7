//! Answers to requests with an idempotency key.

use super::id::{ProductId, RunId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    pub body: Value,
}

/// The idempotency key of a request, which is recorded in the transaction of what the request creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey(String);

/// The result of a request whose answer was lost, because its server ended after the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CreatedObject {
    Run(RunId),
    Product(ProductId),
}

/// The state of a request with a key when it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The first request with the key: carry it out.
    New,
    /// The same request is being carried out elsewhere.
    InProgress,
    /// The same request has created something, and was not answered.
    Created(CreatedObject),
    /// The same request was answered.
    Answered(Answer),
    /// The key was used with another request.
    OtherRequest,
}

impl RequestKey {
    /// The longest key, in bytes.
    const LONGEST: usize = 255;

    /// Parses a key: 1 to 255 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let is_key = !text.is_empty() && text.len() <= Self::LONGEST;
        is_key.then(|| Self(text.to_owned()))
    }

    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Answer {
    /// The time for which an answer is kept, in milliseconds.
    pub const LIFETIME: i64 = 24 * 60 * 60 * 1000;
    /// The time after which a request without an answer counts as lost, in milliseconds.
    pub const LONGEST_REQUEST: i64 = 2 * 60 * 1000;
}
