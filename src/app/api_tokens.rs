//! Tokens of the API: creating, recognising, listing and revoking them.

use super::caller::{Access, Caller};
use super::error::AppError;
use crate::error::{Class, Explain, Hint};
use crate::model::digest::Digest;
use crate::store::access::{Account, Rights, TokenInfo};
use crate::store::id::{ApiTokenId, UserId};
use crate::store::sql::Database;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;
use zeroize::Zeroizing;

/// The beginning of every token, by which people and scanners recognise one.
const PREFIX: &str = "gp_";

/// A token that does not exist.
#[derive(Debug, Error)]
#[error("token `{id}` does not exist")]
pub struct NoToken {
    id: ApiTokenId,
}

/// A random text of 256 bits, for tokens, sessions and codes.
pub(super) fn random_text(prefix: &str) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).expect("the operating system has random numbers");
    Zeroizing::new(format!(
        "{prefix}{}",
        URL_SAFE_NO_PAD.encode(bytes.as_slice())
    ))
}

/// The form in which a token, session key or code is stored: lower-case hexadecimal SHA-256.
pub(super) fn hash(text: &str) -> String {
    Digest::of(text.as_bytes()).as_str().to_owned()
}

/// Creates a token for a user, and the user where the tables are our own. Only its hash is stored.
pub async fn create(
    database: &Database,
    user: &UserId,
    rights: Rights,
    label: Option<&str>,
) -> Result<Zeroizing<String>, AppError> {
    let token = random_text(PREFIX);
    database
        .add_token(user, rights, &hash(&token), label)
        .await?;
    Ok(token)
}

/// The account of a token; `None` if it is unknown, revoked or expired.
pub async fn recognise(database: &Database, token: &str) -> Result<Option<Account>, AppError> {
    Ok(database.account_of_token(&hash(token)).await?)
}

/// The tokens that the caller may see and revoke.
pub async fn list(database: &Database, caller: &Caller) -> Result<Vec<TokenInfo>, AppError> {
    Ok(database.tokens(caller.scope().user()).await?)
}

/// Revokes a token.
pub async fn revoke(database: &Database, caller: &Caller, id: &ApiTokenId) -> Result<(), AppError> {
    caller.check(Access::Write)?;
    let visible = list(database, caller).await?;
    let is_visible = visible.iter().any(|token| token.id == *id);
    if is_visible && database.revoke_token(id).await? {
        return Ok(());
    }
    Err(NoToken { id: id.clone() }.into())
}

impl Explain for NoToken {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "api_token_not_found"
    }

    fn hint(&self) -> Option<Hint> {
        Some("list the tokens with `groundplan token list`".into())
    }
}
