//! Forgejo and Gitea.

use super::Forge;
use super::account::{Account, OwnerKind, OwnerOption, OwnerStanding, Owners, Permission};
use super::error::{Denial, ForgeError};
use super::http::{ClientError, HttpClient, HttpConfig};
use super::ownership::OwnershipProof;
use super::repository::{Availability, NewRepository, RepoPath, Repository, RepositoryId};
use super::rest::{self, Named};
use super::site::Site;
use crate::model::input::Owner;
use crate::secret::Secret;
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

/// Forgejo or Gitea, with one token.
pub struct Forgejo {
    http: HttpClient,
}

#[derive(Deserialize)]
struct Permissions {
    can_create_repository: bool,
}

impl Forgejo {
    /// A client for one site with one token.
    pub fn new(site: Site, secret: Secret, manners: HttpConfig) -> Result<Self, ClientError> {
        Ok(Self {
            http: HttpClient::new(site, secret, "token", &[], manners)?,
        })
    }

    async fn organisation(&self, me: &str, login: String) -> Result<OwnerOption, ForgeError> {
        let path = ["users", me, "orgs", &login, "permissions"];
        let standing = match self.http.read::<Permissions>(&path, &[]).await {
            Ok(Permissions {
                can_create_repository: true,
            }) => OwnerStanding::Visible,
            Ok(_) => OwnerStanding::PolicyBlocked(Denial::Policy),
            Err(ForgeError::Forbidden { .. } | ForgeError::NotFound { .. }) => {
                OwnerStanding::Unknown
            }
            Err(error) => return Err(error),
        };
        Ok(OwnerOption {
            login,
            kind: OwnerKind::Organisation,
            standing,
        })
    }
}

#[async_trait]
impl Forge for Forgejo {
    /// The forge says nothing of a token's scopes and end.
    async fn current_user(&self) -> Result<Account, ForgeError> {
        let user: Named = self.http.read(&["user"], &[]).await?;
        Ok(Account {
            login: user.login,
            id: user.id,
            scopes: None,
            expires_at: None,
            may_delete: Permission::Unknown,
            budget: None,
        })
    }

    async fn owners(&self) -> Result<Owners, ForgeError> {
        let me = self.current_user().await?;
        let mut options = vec![OwnerOption::person(me.login.clone(), true)];
        let found = self
            .http
            .read::<Vec<Named>>(&["user", "orgs"], &[("limit", "50")])
            .await;
        let organisations = match found {
            Ok(organisations) => organisations,
            Err(ForgeError::Forbidden { .. }) => {
                return Ok(Owners {
                    options,
                    is_complete: false,
                });
            }
            Err(error) => return Err(error),
        };
        let is_complete = organisations.len() < 50;
        for organisation in organisations {
            options.push(self.organisation(&me.login, organisation.login).await?);
        }
        Ok(Owners {
            options,
            is_complete,
        })
    }

    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError> {
        let me = self.current_user().await?;
        match self
            .http
            .read::<Named>(&["orgs", owner.as_str()], &[])
            .await
        {
            Ok(organisation) => self.organisation(&me.login, organisation.login).await,
            Err(ForgeError::NotFound { .. }) => {
                let user: Named = self.http.read(&["users", owner.as_str()], &[]).await?;
                Ok(OwnerOption::person(user.login, user.id == me.id))
            }
            Err(error) => Err(error),
        }
    }

    async fn availability(&self, place: &RepoPath) -> Result<Availability, ForgeError> {
        rest::availability(&self.http, place).await
    }

    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        rest::create(&self.http, order).await
    }

    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError> {
        rest::repository(&self.http, id, |commit: &Value| {
            commit["commit"]["tree"]["sha"].as_str()
        })
        .await
    }

    /// By name: this forge changes nothing by number. The answer's number is compared.
    async fn describe(&self, repository: &Repository, description: &str) -> Result<(), ForgeError> {
        let (owner, name) = rest::split(&repository.full_name)?;
        rest::describe(
            &self.http,
            &["repos", owner, name],
            repository.id,
            description,
        )
        .await
    }

    /// By the name that was read together with the number a moment ago: this forge removes nothing by number.
    async fn delete(&self, id: RepositoryId, claim: &OwnershipProof) -> Result<(), ForgeError> {
        let repository = claim.check_now(self.repository(id).await?)?;
        let (owner, name) = rest::split(&repository.full_name)?;
        self.http.remove(&["repos", owner, name]).await
    }

    fn removal(&self, place: &RepoPath, _: Option<RepositoryId>) -> String {
        let (owner, name) = (place.owner.as_str(), place.name.as_str());
        let url = self.http.site.api(&["repos", owner, name]);
        format!("curl --fail --request DELETE --header \"Authorization: token $TOKEN\" {url}")
    }
}
