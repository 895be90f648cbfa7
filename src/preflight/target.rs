//! The target of a publication: an owner in the forge's spelling, and the checks that need no attempt.

use crate::error::{Class, Explain, Hint, Setting};
use crate::forge::Forge;
use crate::forge::account::{Account, OwnerOption};
use crate::forge::denial::Denial;
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::hint;
use crate::model::input::{Inputs, Owner};
use crate::model::preflight::OwnerKind;
use thiserror::Error;

/// A target at which a repository certainly cannot be created. No repository was created.
#[derive(Debug, Error)]
pub enum TargetError {
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(
        "the token of `{login}` lacks the scope `{}`, which {}; nothing was created",
        scopes.join("` and `"),
        purpose(scopes)
    )]
    MissingScopes {
        login: String,
        scopes: Vec<&'static str>,
    },
    #[error(
        "`{owner}` is another user, and only that user creates repositories there; nothing was created"
    )]
    OtherUser { owner: String, login: String },
}

/// Asks a forge for the token's account and for the owner.
pub async fn resolve(
    forge: &dyn Forge,
    inputs: &Inputs,
    scopes: &[&'static str],
) -> Result<(RepoPath, OwnerKind), TargetError> {
    let account = forge.current_user().await?;
    let owner = forge.owner(&inputs.owner).await?;
    check(account, &owner, scopes)?;
    let repo = RepoPath {
        owner: Owner::parse(&owner.login).unwrap_or_else(|_| inputs.owner.clone()),
        name: inputs.repo.clone(),
    };
    Ok((repo, owner.kind))
}

fn check(
    account: Account,
    owner: &OwnerOption,
    scopes: &[&'static str],
) -> Result<(), TargetError> {
    let scopes = account.missing_scopes(scopes);
    let Account { login, .. } = account;
    if !scopes.is_empty() {
        return Err(TargetError::MissingScopes { login, scopes });
    }
    if owner.kind == OwnerKind::OtherUser {
        return Err(TargetError::OtherUser {
            owner: owner.login.clone(),
            login,
        });
    }
    match owner.denial {
        Some(denial @ (Denial::Saml | Denial::ClassicTokens)) => Err(ForgeError::Forbidden {
            denial,
            message: format!("`{}` does not accept this token", owner.login),
        }
        .into()),
        _ => Ok(()),
    }
}

fn purpose(scopes: &[&str]) -> &'static str {
    if scopes.contains(&"repo") {
        "creating a repository needs"
    } else {
        "files below `.github/workflows` need"
    }
}

impl Explain for TargetError {
    fn class(&self) -> Class {
        match self {
            Self::Forge(error) => error.class(),
            Self::MissingScopes { .. } => Class::Credential,
            Self::OtherUser { .. } => Class::Refused,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Forge(error) => error.code(),
            Self::MissingScopes { .. } => "forge_missing_scopes",
            Self::OtherUser { .. } => "forge_other_user",
        }
    }

    fn hint(&self) -> Option<Hint> {
        match self {
            Self::Forge(error) => error.hint(),
            Self::MissingScopes { scopes, .. } => Some(hint!(format!(
                "give the token the scope `{}`, or create a new token",
                scopes.join("` and `")
            ))),
            Self::OtherUser { login, .. } => Some(hint!(
                format!("set an organisation, or `{login}`, with "),
                Setting::Owner
            )),
        }
    }
}
