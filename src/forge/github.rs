//! GitHub and GitHub Enterprise, by octocrab's typed calls over our own transport.

use super::Forge;
use super::account::{Account, OwnerOption, Owners, RateLimit};
use super::denial::Denial;
use super::documents::{Refs, answered, availability, check_id, existing, git_id, split, unknown};
use super::error::ForgeError;
use super::ownership::OwnershipProof;
use super::pull_request::{NewPullRequest, PullRequest, PullRequestText, PullRequests};
use super::repository::{
    Availability, Branch, Content, NewRepository, Remote, RepoPath, Repository, RepositoryId,
};
use super::response::{RequestKind, date, header, scopes};
use super::settings::{Api, RepositoryClient};
use super::site::Site;
use super::transport::{ClientError, Credential, HttpConfig, Transport};
use crate::model::input::Owner;
use crate::model::preflight::{OwnerKind, Permission};
use crate::secret::Secret;
use async_trait::async_trait;
use http::{Request, Uri};
use octocrab::models::orgs::{OrgMembershipState, Organization};
use octocrab::models::{self, Author};
use octocrab::{AuthState, FromResponse, OctoBody, Octocrab, OctocrabBuilder};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower::Service;

/// GitHub with one classic token.
pub struct GitHub {
    transport: Transport,
}

const API_VERSION: &str = "2022-11-28";
/// The number of organisations that are asked for their rules. The rights in further ones are unknown.
const MAX_ORGANISATIONS: usize = 30;
/// The longest page of a list that GitHub gives.
const PAGE: usize = 100;
/// The pages of the longest list of pull requests or repositories that is read.
const MAX_PAGES: u32 = 100;
/// The entries of such a list.
const MAX_ENTRIES: usize = PAGE * MAX_PAGES as usize;

impl GitHub {
    /// A client for one site with one token.
    pub fn new(site: Site, secret: Secret, config: HttpConfig) -> Result<Self, ClientError> {
        let scheme = "Bearer";
        Self::with(site, Some(Credential { scheme, secret }), config)
    }

    /// A client without a token.
    pub(super) fn anonymous(site: Site, config: HttpConfig) -> Result<Self, ClientError> {
        Self::with(site, None, config)
    }

    fn with(
        site: Site,
        credential: Option<Credential>,
        config: HttpConfig,
    ) -> Result<Self, ClientError> {
        let headers = HeaderMap::from_iter([(
            "x-github-api-version".parse().expect("a header name"),
            HeaderValue::from_static(API_VERSION),
        )]);
        Ok(Self {
            transport: Transport::new(site, credential, headers, config)?,
        })
    }

    /// Sends a request that needs no token, and returns the forge's time in seconds since 1970.
    pub(super) async fn probe(&self) -> Result<Option<i64>, ForgeError> {
        answered(self.read(self.api()._get("/meta").await))?;
        Ok(self.transport.server_time())
    }

    /// octocrab over our transport. It starts a task of the current runtime, so each operation creates its own.
    fn api(&self) -> Octocrab {
        let Ok(api) = OctocrabBuilder::new_empty()
            .with_service(OctocrabService(self.transport.clone()))
            .with_auth(AuthState::None)
            .build();
        api
    }

    fn read<T>(&self, result: octocrab::Result<T>) -> Result<T, ForgeError> {
        result.map_err(|error| self.failure(error, RequestKind::Read))
    }

    fn changed<T>(&self, result: octocrab::Result<T>) -> Result<T, ForgeError> {
        result.map_err(|error| self.failure(error, RequestKind::Change))
    }

    /// The transport's own error, or that of an answer that octocrab cannot read.
    fn failure(&self, error: octocrab::Error, kind: RequestKind) -> ForgeError {
        let source = match error {
            octocrab::Error::Service { source, .. } => source,
            other => return kind.unreadable(self.transport.quote(&other.to_string())),
        };
        match source.downcast::<ForgeError>() {
            Ok(error) => *error,
            Err(other) => kind.unreadable(self.transport.quote(&other.to_string())),
        }
    }

    /// The token's account, and the headers that describe the token.
    async fn user(&self) -> Result<(Author, HeaderMap), ForgeError> {
        let response = self.read(self.api()._get("/user").await)?;
        let headers = response.headers().clone();
        let user = self.read(Author::from_response(response).await)?;
        Ok((user, headers))
    }

    /// The headers of each answer count the requests; a proxy may drop them.
    async fn rate_limit(&self, headers: &HeaderMap) -> Result<Option<RateLimit>, ForgeError> {
        let number = |name| header(headers, name)?.parse::<u64>().ok();
        let limit = number("x-ratelimit-limit");
        let rest = number("x-ratelimit-remaining").zip(number("x-ratelimit-reset"));
        let (limit, (remaining, reset)) = match limit.zip(rest) {
            Some(found) => found,
            // An Enterprise server without rate limits has no such page.
            None => match visible(self.read(self.api().ratelimit().get().await))? {
                Some(models::RateLimit { rate, .. }) => (
                    rate.limit.try_into().unwrap_or(u64::MAX),
                    (rate.remaining.try_into().unwrap_or(u64::MAX), rate.reset),
                ),
                None => return Ok(None),
            },
        };
        Ok(Some(RateLimit {
            limit,
            remaining,
            resets_at: i64::try_from(reset).unwrap_or(i64::MAX),
        }))
    }

    /// The organisations of the token's user, and whether these are all. Nothing if the token may not list them.
    async fn organisations(&self) -> Result<Option<(Vec<Organization>, bool)>, ForgeError> {
        let page = self.api()._get(format!("/user/orgs?per_page={PAGE}")).await;
        let Some(response) = visible(self.read(page))? else {
            return Ok(None);
        };
        // Organisations with single sign-on that the token is not authorised for are left out; the header names them.
        let hides_some = response.headers().contains_key("x-github-sso");
        let found = self.read(Vec::<Organization>::from_response(response).await)?;
        let is_complete = !hides_some && found.len() < PAGE;
        Ok(Some((found, is_complete)))
    }

    /// The right to create a repository in an organisation. Nothing where the organisation does not show its rules.
    async fn right_in(&self, organisation: &str) -> Result<Option<Result<(), Denial>>, ForgeError> {
        if Owner::parse(organisation).is_err() {
            // It is no segment of a path, and no repository could be created there.
            return Ok(None);
        }
        let api = self.api();
        let membership = self.read(api.current().get_org_membership(organisation).await);
        if visible(membership)?.is_some_and(|membership| {
            membership.role == "admin" && membership.state == OrgMembershipState::Active
        }) {
            return Ok(Some(Ok(())));
        }
        let rules = match self.read(api.orgs(organisation).get().await) {
            Ok(rules) => rules,
            Err(ForgeError::Forbidden { denial, .. }) => return Ok(Some(Err(denial))),
            Err(error) => return Err(error),
        };
        let rules = [
            rules.members_can_create_repositories,
            rules.members_can_create_private_repositories,
        ];
        Ok(if rules.contains(&Some(false)) {
            Some(Err(Denial::Policy))
        } else if rules.contains(&Some(true)) {
            Some(Ok(()))
        } else {
            None
        })
    }

    async fn content(&self, full_name: &str) -> Result<Content, ForgeError> {
        let (owner, name) = split(full_name)?;
        let api = self.api();
        let repo = api.repos(owner, name);
        let branches = self
            .read(repo.list_branches().per_page(50).send().await)?
            .items;
        let tags = self.read(repo.list_tags().per_page(50).send().await)?.items;
        let refs = Refs::of(
            branches
                .into_iter()
                .map(|found| (found.name, found.commit.sha))
                .collect(),
            tags.into_iter().map(|tag| tag.name).collect(),
        )?;
        Ok(match refs {
            Refs::None => Content::Empty,
            Refs::Several(content) => content,
            Refs::OneBranch {
                name: branch,
                commit,
            } => {
                let found = self.read(repo.git().get_commit(commit.as_str()).await)?;
                Content::Branch(Branch {
                    name: branch,
                    commit,
                    tree: git_id(&found.tree.sha)?,
                })
            }
        })
    }

    fn repository_of(
        &self,
        found: models::Repository,
        content: Content,
    ) -> Result<Repository, ForgeError> {
        let full_name = full_name_of(&found)?;
        let (owner, name) = split(&full_name)?;
        let created_at = found
            .created_at
            .ok_or_else(|| ForgeError::protocol("a repository has no time of creation"))?;
        let activity = [
            found.forks_count,
            found.stargazers_count,
            // Pull requests count as issues.
            found.open_issues_count,
        ];
        Ok(Repository {
            id: RepositoryId(found.id.into_inner()),
            remote: Remote::Url(self.transport.site().remote(owner, name)),
            description: found.description.unwrap_or_default(),
            created_at: created_at.timestamp(),
            is_private: found.private == Some(true),
            content,
            activity: activity.into_iter().flatten().map(u64::from).sum(),
            full_name,
        })
    }
}

#[async_trait]
impl Forge for GitHub {
    async fn current_user(&self) -> Result<Account, ForgeError> {
        let (user, headers) = self.user().await?;
        let given = header(&headers, "x-oauth-scopes")
            .map(|given| scopes(given).map(str::to_owned).collect::<BTreeSet<_>>());
        let can_delete = match &given {
            Some(given) if given.contains("delete_repo") => Permission::Yes,
            Some(_) => Permission::No,
            None => Permission::Unknown,
        };
        Ok(Account {
            login: user.login,
            id: user.id.into_inner(),
            scopes: given,
            expires_at: header(&headers, "github-authentication-token-expiration")
                .and_then(parse_expiry),
            answered_at: date(&headers),
            can_delete,
            rate_limit: self.rate_limit(&headers).await?,
        })
    }

    async fn owners(&self) -> Result<Owners, ForgeError> {
        let (user, _) = self.user().await?;
        let mut options = vec![OwnerOption::person(user.login, true)];
        let Some((organisations, is_complete)) = self.organisations().await? else {
            return Ok(Owners {
                options,
                is_complete: false,
            });
        };
        for (index, Organization { login, .. }) in organisations.into_iter().enumerate() {
            let right = if index < MAX_ORGANISATIONS {
                self.right_in(&login).await?
            } else {
                None
            };
            options.push(OwnerOption::organisation(login, right));
        }
        Ok(Owners {
            options,
            is_complete,
        })
    }

    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError> {
        let found = self.read(self.api().users(owner.as_str()).profile().await)?;
        if found.r#type == "Organization" {
            let right = self.right_in(&found.login).await?;
            return Ok(OwnerOption::organisation(found.login, right));
        }
        let (user, _) = self.user().await?;
        Ok(OwnerOption::person(found.login, user.id == found.id))
    }

    async fn repositories(&self, owner: &Owner) -> Result<Vec<Remote>, ForgeError> {
        let mut kind = "orgs";
        let mut remotes = Vec::new();
        let mut page = 1;
        while page <= MAX_PAGES {
            let route = format!("/{kind}/{owner}/repos?per_page={PAGE}&page={page}");
            let response = match self.read(self.api()._get(route).await) {
                Err(ForgeError::NotFound { .. }) if kind == "orgs" => {
                    kind = "users";
                    continue;
                }
                response => response?,
            };
            let found = self.read(Vec::<models::Repository>::from_response(response).await)?;
            for repository in &found {
                let full_name = full_name_of(repository)?;
                let (owner, name) = split(&full_name)?;
                remotes.push(Remote::Url(self.transport.site().remote(owner, name)));
            }
            if found.len() < PAGE {
                return Ok(remotes);
            }
            page += 1;
        }
        Err(ForgeError::too_long("repositories", MAX_ENTRIES))
    }

    async fn availability(&self, repo: &RepoPath) -> Result<Availability, ForgeError> {
        let api = self.api();
        let found = api
            .repos(repo.owner.as_str(), repo.name.as_str())
            .get()
            .await;
        let found = self.read(found);
        availability(
            repo,
            found.and_then(|found| Ok((found.id.into_inner(), full_name_of(&found)?))),
        )
    }

    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        let (owner, name) = (order.repo.owner.as_str(), order.repo.name.as_str());
        let description = order.marker.description();
        let api = self.api();
        let created = match order.owner_kind {
            OwnerKind::CurrentUser => {
                let request = api.current().create_repo(name).description(description);
                request.private(true).auto_init(false).send().await
            }
            OwnerKind::Organisation => {
                let organisation = api.orgs(owner);
                let request = organisation.create_repo(name).description(description);
                request.private(true).auto_init(false).send().await
            }
            OwnerKind::OtherUser => return Err(ForgeError::other_user(owner)),
        };
        // The repository exists now: an answer that cannot be read leaves its state unknown.
        self.repository_of(self.changed(created)?, Content::Empty)
            .map_err(|error| unknown(&error))
    }

    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError> {
        let found = self.read(self.api().repos_by_id(id.0).get().await);
        let Some(found) = existing(found)? else {
            return Ok(None);
        };
        check_id(found.id.into_inner(), id)?;
        // A new repository may answer by its number before it answers by its name.
        let Some(content) = existing(self.content(&full_name_of(&found)?).await)? else {
            return Ok(None);
        };
        self.repository_of(found, content).map(Some)
    }

    /// By number: no other repository can be hit.
    async fn set_description(
        &self,
        repository: &Repository,
        description: &str,
    ) -> Result<(), ForgeError> {
        let api = self.api();
        let repo = api.repos_by_id(repository.id.0);
        let changed = repo.update().description(description).send().await;
        check_id(self.changed(changed)?.id.into_inner(), repository.id)
    }

    /// By number: a repository that took the name after the check is not hit.
    async fn delete(&self, id: RepositoryId, proof: &OwnershipProof) -> Result<(), ForgeError> {
        let found = self.repository(id).await?;
        proof.check(&found.ok_or_else(ForgeError::no_longer_there)?)?;
        self.changed(self.api().repos_by_id(id.0).delete().await)
    }

    fn pull_requests(&self) -> Option<&dyn PullRequests> {
        Some(self)
    }

    fn settings(&self) -> Option<RepositoryClient<'_>> {
        Some(RepositoryClient::new(&self.transport, Api::GitHub))
    }

    fn removal_command(&self, repo: &RepoPath, id: Option<RepositoryId>) -> String {
        let host = self.transport.site().authority();
        match id {
            Some(id) => format!("gh api --hostname {host} --method DELETE repositories/{id}"),
            None => format!("gh repo delete {host}/{repo}"),
        }
    }
}

#[async_trait]
impl PullRequests for GitHub {
    async fn default_branch(&self, repo: &RepoPath) -> Result<String, ForgeError> {
        let api = self.api();
        let found = api
            .repos(repo.owner.as_str(), repo.name.as_str())
            .get()
            .await;
        let branch = self.read(found)?.default_branch;
        branch.ok_or_else(|| ForgeError::protocol("a repository has no default branch"))
    }

    async fn open_pull_requests(&self, repo: &RepoPath) -> Result<Vec<PullRequest>, ForgeError> {
        let api = self.api();
        let pulls = api.pulls(repo.owner.as_str(), repo.name.as_str());
        let mut open = Vec::new();
        for page in 1..=MAX_PAGES {
            let list = pulls.list().state(octocrab::params::State::Open);
            let found = self.read(list.per_page(100).page(page).send().await)?.items;
            let is_last = found.len() < PAGE;
            for pull in found {
                let from = pull
                    .head
                    .repo
                    .as_ref()
                    .and_then(|repo| repo.full_name.as_deref());
                if from.is_some_and(|from| repo.is_same_name(from)) {
                    open.push(pull_request(pull)?);
                }
            }
            if is_last {
                return Ok(open);
            }
        }
        Err(ForgeError::too_long("open pull requests", MAX_ENTRIES))
    }

    async fn open_pull_request(
        &self,
        repo: &RepoPath,
        new: &NewPullRequest,
    ) -> Result<PullRequest, ForgeError> {
        let NewPullRequest { branch, base, text } = new;
        let api = self.api();
        let pulls = api.pulls(repo.owner.as_str(), repo.name.as_str());
        let order = pulls.create(&text.title, branch, base).body(&text.body);
        let opened = self.changed(order.draft(text.is_draft).send().await)?;
        pull_request(opened).map_err(|error| unknown(&error))
    }

    /// A draft stays one: only its page and another API can change that.
    async fn revise_pull_request(
        &self,
        repo: &RepoPath,
        number: u64,
        text: &PullRequestText,
    ) -> Result<(), ForgeError> {
        let api = self.api();
        let pulls = api.pulls(repo.owner.as_str(), repo.name.as_str());
        let order = pulls.update(number).title(&text.title).body(&text.body);
        self.changed(order.send().await).map(drop)
    }

    async fn comment(&self, repo: &RepoPath, number: u64, text: &str) -> Result<(), ForgeError> {
        let api = self.api();
        let issues = api.issues(repo.owner.as_str(), repo.name.as_str());
        self.changed(issues.create_comment(number, text).await)
            .map(drop)
    }
}

fn pull_request(found: models::pulls::PullRequest) -> Result<PullRequest, ForgeError> {
    let url = found
        .html_url
        .map_or_else(|| found.url.clone(), String::from);
    Ok(PullRequest {
        number: found.number,
        branch: found.head.ref_field,
        head: git_id(&found.head.sha)?,
        body: found.body.unwrap_or_default(),
        url,
    })
}

/// The transport as the service that octocrab calls. The transport sets all headers; octocrab's are not sent.
#[derive(Clone)]
struct OctocrabService(Transport);

impl Service<Request<OctoBody>> for OctocrabService {
    /// An answer that reports success.
    type Response = http::Response<reqwest::Body>;
    type Error = ForgeError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ForgeError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ForgeError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<OctoBody>) -> Self::Future {
        let transport = self.0.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = route(transport.site(), &parts.uri)?;
            let response = if parts.method == http::Method::GET {
                transport.read(&url).await?
            } else {
                let has_json = parts.headers.contains_key(CONTENT_TYPE);
                let json = has_json.then(|| reqwest::Body::wrap(body));
                transport.change(parts.method, url, json).await?
            };
            let mut answer = http::Response::new(reqwest::Body::from(response.body));
            *answer.status_mut() = response.status;
            *answer.headers_mut() = response.headers;
            // octocrab prints what it does not know in this header to standard error. Nothing here follows it.
            answer.headers_mut().remove(http::header::LINK);
            Ok(answer)
        })
    }
}

/// The address of a route such as `/user`. An address on another host never gets the token.
fn route(site: &Site, uri: &Uri) -> Result<url::Url, ForgeError> {
    if uri.authority().is_some() {
        return Err(ForgeError::protocol(
            "a request to another host was refused",
        ));
    }
    Ok(site.route(uri.path(), uri.query()))
}

/// Nothing for a page that the token cannot see.
fn visible<T>(result: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match result {
        Err(ForgeError::Forbidden { .. }) => Ok(None),
        result => existing(result),
    }
}

fn full_name_of(found: &models::Repository) -> Result<String, ForgeError> {
    found
        .full_name
        .clone()
        .ok_or_else(|| ForgeError::protocol("a repository has no full name"))
}

/// The time of `2026-12-01 10:00:00 UTC`, or with `+0200` at its end, in seconds since 1970.
fn parse_expiry(header: &str) -> Option<i64> {
    let text = header.trim().replace(" UTC", " +0000");
    let time = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", text).ok()?;
    Some(time.to_timestamp().ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expiry_header_is_read_in_both_spellings() {
        assert_eq!(parse_expiry("2027-01-15 08:00:00 UTC"), Some(1_800_000_000));
        assert_eq!(
            parse_expiry("2027-01-15 10:00:00 +0200"),
            Some(1_800_000_000)
        );
        assert_eq!(parse_expiry("soon"), None);
    }

    #[test]
    fn octocrabs_routes_stay_below_the_sites_api() {
        let site = Site::github("https://git.example.org", &[]).expect("an address");
        let uri = |text: &str| text.parse::<Uri>().expect("a URI");
        let found = route(&site, &uri("/api/v3x/user?per_page=9")).expect("a route");
        assert_eq!(
            found.as_str(),
            "https://git.example.org/api/v3/api/v3x/user?per_page=9"
        );
        assert!(route(&site, &uri("https://evil.example/user")).is_err());
    }
}
