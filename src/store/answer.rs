//! Answers to requests with an idempotency key.

use serde_json::Value;

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    pub body: Value,
}

/// The state of a request with a key when it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The first request with the key: carry it out.
    New,
    /// The same request is being carried out elsewhere.
    InProgress,
    /// The same request was answered.
    Answered(Answer),
    /// The key was used with another request.
    OtherRequest,
}

impl Answer {
    /// The time for which an answer is kept, in milliseconds.
    pub const LIFETIME: i64 = 24 * 60 * 60 * 1000;
    /// The time after which a request without an answer counts as lost, in milliseconds.
    pub const LONGEST_REQUEST: i64 = 2 * 60 * 1000;
}
