//! Personal access tokens: sealing, testing against their forge, and saving for a user's runs.

use super::caller::Caller;
use super::error::AppError;
use crate::base::clock::Clock;
use crate::error::{Class, Explain, Hint, chain};
use crate::forge::Forge;
use crate::forge::account::Account;
use crate::model::preflight::{ForgeKind, OwnerKind};
use crate::model::timestamp::Timestamp;
use crate::pat::key::Key;
use crate::pat::sealed::{Binding, Sealer};
use crate::preflight::{excerpt, scopes_for};
use crate::secret::Secret;
use crate::store::sql::Database;
use crate::store::sql::users::TokenFacts;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::iter;
use thiserror::Error;

/// The answer of a forge about a token.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenReport {
    pub checked_at: Option<Timestamp>,
    pub kind: ForgeKind,
    pub host: String,
    /// The account that the token belongs to.
    pub login: String,
    /// The token's scopes. None where the forge does not list them.
    pub scopes: Option<BTreeSet<String>>,
    /// None where the token does not expire or the forge does not say.
    pub expires_at: Option<Timestamp>,
    /// The organisations that the token may see. None where the forge did not list them.
    pub organisations: Option<Vec<String>>,
    /// True if the token can create repositories, as far as the forge says.
    pub usable: bool,
    /// True if the token was sealed with the previous key.
    pub seal_again: bool,
}

/// The stored token of a user. Its text is never shown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredToken {
    pub login: String,
    pub scopes: Vec<String>,
    /// In milliseconds since 1970.
    pub verified_at: i64,
    /// In milliseconds since 1970; null for a token that does not expire.
    pub expires_at: Option<i64>,
    /// The organisations that the token may see, as the forge listed them when it was saved or tested.
    pub organisations: Vec<String>,
}

/// The forge that a token belongs to.
#[derive(Clone, Copy)]
pub struct TokenForge<'f> {
    pub forge: &'f dyn Forge,
    pub kind: ForgeKind,
    pub host: &'f str,
}

/// A token that cannot create repositories.
#[derive(Debug, Error)]
pub enum UnusableToken {
    #[error("the token lacks the scope `{scopes}`")]
    Lacks { scopes: String },
    #[error(
        "the forge lists no scopes for this token: a classic personal access token with the scope `{scopes}` is required"
    )]
    NotClassic { scopes: String },
}

/// The scopes that every publication needs.
fn required_scopes() -> &'static [&'static str] {
    scopes_for(iter::empty())
}

/// Tests a token with its forge. `seal_again` is passed on for a token that the previous key opened.
pub async fn test(
    at: TokenForge<'_>,
    seal_again: bool,
    clock: &dyn Clock,
) -> Result<(TokenReport, Result<(), UnusableToken>), AppError> {
    let account = at.forge.current_user().await?;
    let verdict = check_usable(at.kind, &account);
    let scopes = account.scopes.as_ref();
    let report = TokenReport {
        checked_at: Timestamp::of_unix_millis(clock.now()),
        kind: at.kind,
        host: at.host.to_owned(),
        login: excerpt(&account.login),
        scopes: scopes.map(|scopes| scopes.iter().map(|scope| excerpt(scope)).collect()),
        expires_at: account.expires_at.and_then(Timestamp::of_unix_seconds),
        organisations: organisations(at.forge).await,
        usable: verdict.is_ok(),
        seal_again,
    };
    Ok((report, verdict))
}

/// Tests a token with its forge as [`test()`]. If it belongs to the account of the caller's stored token, the organisations
/// beside that token are replaced by the forge's answer.
pub async fn test_of_user(
    database: &Database,
    caller: &Caller,
    at: TokenForge<'_>,
    clock: &dyn Clock,
) -> Result<(TokenReport, Result<(), UnusableToken>), AppError> {
    let (report, verdict) = test(at, false, clock).await?;
    let stored = stored(database, caller).await?;
    if let Some(organisations) = &report.organisations
        && stored.is_some_and(|stored| stored.login == report.login)
    {
        let user = caller.user();
        database.save_organisations(user, organisations).await?;
    }
    Ok((report, verdict))
}

/// The organisations that a token may see, by login. None if the forge does not answer: a token works without them.
async fn organisations(forge: &dyn Forge) -> Option<Vec<String>> {
    let owners = forge
        .owners()
        .await
        .inspect_err(|error| tracing::warn!("cannot list organisations: {}", chain(error)));
    let options = owners.ok()?.options.into_iter();
    let organisations = options.filter(|owner| owner.kind == OwnerKind::Organisation);
    Some(organisations.map(|owner| excerpt(&owner.login)).collect())
}

/// Tests a token with its forge, seals it for the caller and stores it. Returns the login that it belongs to.
///
/// # Errors
/// Refuses an unusable token and a demo user; nothing is stored then.
pub async fn save(
    database: &Database,
    caller: &Caller,
    at: TokenForge<'_>,
    secret: &Secret,
    key: Key,
    clock: &dyn Clock,
) -> Result<String, AppError> {
    let account = at.forge.current_user().await?;
    check_usable(at.kind, &account)?;
    let user = caller.user();
    let binding = Binding {
        owner: user.as_str(),
        host: at.host,
    };
    let sealed = Sealer::new(key).seal(secret, binding)?;
    let login = excerpt(&account.login);
    let facts = TokenFacts {
        login: login.clone(),
        verified_at: clock.now(),
        scopes: account.scopes.into_iter().flatten().collect(),
        expires_at: account.expires_at.map(|at| at.saturating_mul(1000)),
        organisations: organisations(at.forge).await.unwrap_or_default(),
    };
    database.ensure_user(user).await?;
    database.save_token(user, &sealed, &facts).await?;
    Ok(login)
}

/// The facts about the caller's stored token; `None` without one.
pub async fn stored(database: &Database, caller: &Caller) -> Result<Option<StoredToken>, AppError> {
    let facts = database.user(caller.user()).await?.token;
    Ok(facts.map(|facts| StoredToken {
        login: facts.login,
        scopes: facts.scopes,
        verified_at: facts.verified_at,
        expires_at: facts.expires_at,
        organisations: facts.organisations,
    }))
}

/// Removes the caller's stored token.
///
/// # Errors
/// Refuses a demo user.
pub async fn remove(database: &Database, caller: &Caller) -> Result<(), AppError> {
    Ok(database.remove_token(caller.user()).await?)
}

/// Fails for a token that certainly cannot create repositories. GitHub lists the scopes of every classic token; Forgejo
/// lists none of any.
pub fn check_usable(kind: ForgeKind, account: &Account) -> Result<(), UnusableToken> {
    let required = required_scopes();
    let scopes = required.join("` and `");
    if account.scopes.is_none() && kind.lists_scopes() {
        return Err(UnusableToken::NotClassic { scopes });
    }
    if account.missing_scopes(required).is_empty() {
        return Ok(());
    }
    Err(UnusableToken::Lacks { scopes })
}

impl Explain for UnusableToken {
    fn class(&self) -> Class {
        Class::Refused
    }

    fn code(&self) -> &'static str {
        "token_unusable"
    }

    fn hint(&self) -> Option<Hint> {
        let (Self::Lacks { scopes } | Self::NotClassic { scopes }) = self;
        Some(format!("create a classic token with the scope `{scopes}`").into())
    }
}
