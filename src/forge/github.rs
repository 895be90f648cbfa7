//! GitHub and GitHub Enterprise.

use super::Forge;
use super::account::{Account, Budget, OwnerKind, OwnerOption, OwnerStanding, Owners, Permission};
use super::error::{Denial, ForgeError};
use super::http::{ClientError, HttpClient, HttpConfig};
use super::ownership::OwnershipProof;
use super::repository::{Availability, NewRepository, RepoPath, Repository, RepositoryId};
use super::response::{Response, scopes};
use super::rest::{self, Named};
use super::site::Site;
use crate::model::input::Owner;
use crate::secret::Secret;
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// GitHub, with one classic token.
pub struct GitHub {
    http: HttpClient,
}

const HEADERS: [(&str, &str); 1] = [("x-github-api-version", "2022-11-28")];
/// How many organisations are asked about one by one; of the rest nothing is known.
const MOST_ORGANISATIONS: usize = 30;

#[derive(Deserialize)]
struct User {
    #[serde(flatten)]
    named: Named,
    r#type: String,
}

#[derive(Deserialize)]
struct Organisation {
    members_can_create_private_repositories: Option<bool>,
    members_can_create_repositories: Option<bool>,
}

#[derive(Deserialize)]
struct Membership {
    role: String,
    state: String,
}

impl GitHub {
    /// A client for one site with one token.
    pub fn new(site: Site, secret: Secret, manners: HttpConfig) -> Result<Self, ClientError> {
        Ok(Self {
            http: HttpClient::new(site, secret, "Bearer", &HEADERS, manners)?,
        })
    }

    async fn standing(&self, organisation: &str) -> Result<OwnerStanding, ForgeError> {
        let membership = ["user", "memberships", "orgs", organisation];
        let membership: Option<Membership> = known(self.http.read(&membership, &[]).await)?;
        if membership.is_some_and(|member| member.role == "admin" && member.state == "active") {
            return Ok(OwnerStanding::Visible);
        }
        let rules: Organisation = match self.http.read(&["orgs", organisation], &[]).await {
            Ok(rules) => rules,
            Err(ForgeError::Forbidden { why, .. }) => return Ok(OwnerStanding::PolicyBlocked(why)),
            Err(error) => return Err(error),
        };
        let rules = [
            rules.members_can_create_repositories,
            rules.members_can_create_private_repositories,
        ];
        Ok(if rules.contains(&Some(false)) {
            OwnerStanding::PolicyBlocked(Denial::Policy)
        } else if rules.contains(&Some(true)) {
            OwnerStanding::Visible
        } else {
            OwnerStanding::Unknown
        })
    }
}

#[async_trait]
impl Forge for GitHub {
    async fn current_user(&self) -> Result<Account, ForgeError> {
        let (user, answer) = self.http.read_with_headers::<Named>(&["user"], &[]).await?;
        let given = answer.header("x-oauth-scopes");
        let given = given.map(|given| {
            scopes(given)
                .map(str::to_owned)
                .collect::<BTreeSet<String>>()
        });
        let may_delete = match &given {
            Some(given) if given.contains("delete_repo") => Permission::Yes,
            Some(_) => Permission::No,
            None => Permission::Unknown,
        };
        let expires_at = answer.header("github-authentication-token-expiration");
        Ok(Account {
            login: user.login,
            id: user.id,
            scopes: given,
            expires_at: expires_at.and_then(expiry),
            may_delete,
            budget: budget(&answer),
        })
    }

    async fn owners(&self) -> Result<Owners, ForgeError> {
        let me = self.current_user().await?;
        let mut options = vec![OwnerOption::person(me.login, true)];
        let path = ["user", "orgs"];
        let found = self
            .http
            .read_with_headers::<Vec<Named>>(&path, &[("per_page", "100")])
            .await;
        let Some((organisations, answer)) = known(found)? else {
            return Ok(Owners {
                options,
                is_complete: false,
            });
        };
        // Single sign-on leaves organisations out and says so; a second page would be the 101st organisation.
        let is_complete =
            answer.header("x-github-sso").is_none() && answer.header("link").is_none();
        for (at, organisation) in organisations.into_iter().enumerate() {
            let standing = if at < MOST_ORGANISATIONS {
                self.standing(&organisation.login).await?
            } else {
                OwnerStanding::Unknown
            };
            options.push(OwnerOption {
                login: organisation.login,
                kind: OwnerKind::Organisation,
                standing,
            });
        }
        Ok(Owners {
            options,
            is_complete,
        })
    }

    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError> {
        let user: User = self.http.read(&["users", owner.as_str()], &[]).await?;
        let login = user.named.login;
        if user.r#type == "Organization" {
            let standing = self.standing(&login).await?;
            return Ok(OwnerOption {
                login,
                kind: OwnerKind::Organisation,
                standing,
            });
        }
        let is_me = self.current_user().await?.id == user.named.id;
        Ok(OwnerOption::person(login, is_me))
    }

    async fn availability(&self, place: &RepoPath) -> Result<Availability, ForgeError> {
        rest::availability(&self.http, place).await
    }

    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        rest::create(&self.http, order).await
    }

    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError> {
        rest::repository(&self.http, id, |commit: &Value| {
            commit["tree"]["sha"].as_str()
        })
        .await
    }

    /// By number, which GitHub's own redirects lead to as well: no other repository can be hit.
    async fn describe(&self, repository: &Repository, description: &str) -> Result<(), ForgeError> {
        let id = repository.id;
        rest::describe(
            &self.http,
            &["repositories", &id.to_string()],
            id,
            description,
        )
        .await
    }

    /// By number, so that a repository that took the name between look and removal is not hit.
    async fn delete(&self, id: RepositoryId, claim: &OwnershipProof) -> Result<(), ForgeError> {
        claim.check_now(self.repository(id).await?)?;
        self.http.remove(&["repositories", &id.to_string()]).await
    }

    fn removal(&self, place: &RepoPath, id: Option<RepositoryId>) -> String {
        let host = self.http.site.host();
        match id {
            Some(id) => format!("gh api --hostname {host} --method DELETE repositories/{id}"),
            None => format!("gh repo delete {host}/{place}"),
        }
    }
}

/// Absent where the forge does not let this credential know.
fn known<T>(result: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(ForgeError::NotFound { .. } | ForgeError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Every answer of GitHub's says how many are left.
fn budget(answer: &Response) -> Option<Budget> {
    let number = |name: &str| answer.header(name)?.parse::<u64>().ok();
    Some(Budget {
        limit: number("x-ratelimit-limit")?,
        left: number("x-ratelimit-remaining")?,
        resets_at: i64::try_from(number("x-ratelimit-reset")?).ok()?,
    })
}

/// `2026-12-01 10:00:00 UTC`, or with `+0200` at its end.
fn expiry(header: &str) -> Option<i64> {
    let text = header.trim().replace(" UTC", " +0000");
    let moment = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", text).ok()?;
    Some(moment.to_timestamp().ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expiry_header_is_read_in_both_spellings() {
        assert_eq!(expiry("2027-01-15 08:00:00 UTC"), Some(1_800_000_000));
        assert_eq!(expiry("2027-01-15 10:00:00 +0200"), Some(1_800_000_000));
        assert_eq!(expiry("soon"), None);
    }
}
