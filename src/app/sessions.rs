//! Sessions of browsers: signing in with a token or a one-time code, and signing out.

use super::api_tokens::{hash, random_text};
use super::caller::{Access, Caller};
use super::error::AppError;
use crate::store::access::{Account, SessionInfo};
use crate::store::id::UserId;
use crate::store::sql::Database;
use zeroize::Zeroizing;

/// Starts a session of a user and returns its key, of which only the hash is stored.
pub async fn start(database: &Database, user: &UserId) -> Result<Zeroizing<String>, AppError> {
    let key = random_text("");
    database.add_session(&hash(&key), user).await?;
    Ok(key)
}

/// The account of a session; `None` if it has ended.
pub async fn recognise(database: &Database, key: &str) -> Result<Option<Account>, AppError> {
    Ok(database.account_of_session(&hash(key)).await?)
}

/// Ends a session.
pub async fn end(database: &Database, key: &str) -> Result<(), AppError> {
    Ok(database.end_session(&hash(key)).await?)
}

/// The caller's sessions that have not ended, the one with the newest request first.
pub async fn list(database: &Database, caller: &Caller) -> Result<Vec<SessionInfo>, AppError> {
    Ok(database.sessions(caller.user()).await?)
}

/// True if a session has this key.
pub fn is_session(session: &SessionInfo, key: &str) -> bool {
    session.hash == hash(key)
}

/// Ends a session of the caller, by the hash of its key. False if the caller has no such session.
pub async fn end_own(database: &Database, caller: &Caller, hash: &str) -> Result<bool, AppError> {
    caller.check(Access::Write)?;
    Ok(database.end_session_of(caller.user(), hash).await?)
}

/// Ends the caller's sessions, but not the one with a key. The number of ended sessions.
pub async fn end_others(
    database: &Database,
    caller: &Caller,
    kept: Option<&str>,
) -> Result<u64, AppError> {
    caller.check(Access::Write)?;
    let kept_hash = kept.map(hash).unwrap_or_default();
    let user = caller.user();
    Ok(database.end_other_sessions(user, &kept_hash).await?)
}

/// The administrator whom the one-time address of an installation on one machine signs in.
const ADMINISTRATOR: &str = "admin";

/// A code that signs in the administrator of an installation on one machine, once and within ten minutes.
pub async fn create_administrator_code(database: &Database) -> Result<Zeroizing<String>, AppError> {
    let user = UserId::parse(ADMINISTRATOR)?;
    database.add_administrator(&user).await?;
    let code = random_text("");
    database.add_sign_in_code(&hash(&code), &user).await?;
    Ok(code)
}

/// Uses up a code; `None` if it was used or has expired.
pub async fn use_code(database: &Database, code: &str) -> Result<Option<UserId>, AppError> {
    Ok(database.use_sign_in_code(&hash(code)).await?)
}
