//! Access of programs and browsers: accounts, API tokens and sessions.

use super::id::{ApiTokenId, UserId};
use schemars::JsonSchema;
use serde::Serialize;

/// A user who presented a valid credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: UserId,
    pub username: String,
    /// True for a user who may only read.
    pub is_demo: bool,
    /// True for an administrator of an installation with its own tables.
    pub is_administrator: bool,
    /// The API token that was presented.
    pub token: Option<ApiTokenId>,
}

/// An API token in a list. Its text is known only to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    pub id: ApiTokenId,
    pub user: UserId,
    pub label: Option<String>,
    /// In milliseconds since 1970.
    pub created_at: i64,
    /// In milliseconds since 1970.
    pub expires_at: Option<i64>,
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// The SHA-256 of its key.
    pub hash: String,
    /// In milliseconds since 1970.
    pub created_at: i64,
    /// The time of its last request, to the minute, in milliseconds since 1970.
    pub seen_at: i64,
}

/// The rights of a new user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    Member,
    /// May only read.
    Demo,
    Administrator,
}

/// The lifetimes of sessions and sign-in codes, in milliseconds.
pub struct Session;

impl Session {
    /// From sign-in to the end of the session.
    pub const LONGEST: i64 = 7 * 24 * 60 * 60 * 1000;
    /// Without a request.
    pub const LONGEST_IDLE: i64 = 12 * 60 * 60 * 1000;
    /// From its creation to the end of a sign-in code.
    pub const CODE_LIFETIME: i64 = 10 * 60 * 1000;
}
