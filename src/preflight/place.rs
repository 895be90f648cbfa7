//! Where a repository is to stand, in the forge's own letters, before anything is made.

use crate::forge::Forge;
use crate::forge::account::{Account, OwnerKind, OwnerOption, OwnerStanding};
use crate::forge::error::{Denial, ForgeError};
use crate::forge::repository::RepoPath;
use crate::model::input::{Inputs, Owner};
use thiserror::Error;

/// Why a repository certainly cannot be made there.
#[derive(Debug, Error)]
pub enum PlaceError {
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(
        "the token of `{login}` lacks the scope `{scopes}`, which is needed {}; nothing was made",
        for_what(.scopes)
    )]
    Lacks {
        login: String,
        /// One scope, or two with their quotes between them.
        scopes: String,
    },
    #[error(
        "`{owner}` is another person, and only that person makes repositories there; nothing was made"
    )]
    SomebodyElse { owner: String, login: String },
}

/// Asks whose the credential is and who the owner, and refuses what would certainly fail later.
pub async fn find(
    forge: &dyn Forge,
    inputs: &Inputs,
    scopes: &[&'static str],
) -> Result<(RepoPath, OwnerKind), PlaceError> {
    let account = forge.current_user().await?;
    let owner = forge.owner(&inputs.owner).await?;
    judge(&account, &owner, inputs, scopes)
}

fn judge(
    account: &Account,
    owner: &OwnerOption,
    inputs: &Inputs,
    scopes: &[&'static str],
) -> Result<(RepoPath, OwnerKind), PlaceError> {
    let login = || account.login.clone();
    let lacking = account.lacks(scopes);
    if !lacking.is_empty() {
        return Err(PlaceError::Lacks {
            login: login(),
            scopes: lacking.join("` and `"),
        });
    }
    if owner.kind == OwnerKind::SomebodyElse {
        return Err(PlaceError::SomebodyElse {
            owner: owner.login.clone(),
            login: login(),
        });
    }
    if let OwnerStanding::PolicyBlocked(why @ (Denial::Saml | Denial::ClassicTokens)) =
        owner.standing
    {
        let message = format!("`{}` does not let this token in", owner.login);
        return Err(ForgeError::Forbidden { why, message }.into());
    }
    let place = RepoPath {
        owner: Owner::parse(&owner.login).unwrap_or_else(|_| inputs.owner.clone()),
        name: inputs.repo.clone(),
    };
    Ok((place, owner.kind))
}

fn for_what(scopes: &str) -> &'static str {
    if scopes.contains("repo") {
        "to make a repository"
    } else {
        "because the repository holds `.github/workflows`"
    }
}
