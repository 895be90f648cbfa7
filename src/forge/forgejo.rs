//! Forgejo and Gitea.

use super::Forge;
use super::account::{Account, OwnerOption, Owners};
use super::denial::Denial;
use super::documents::{
    Refs, answered, availability, check_id, existing, git_id, is_last_page, split, unknown,
};
use super::error::ForgeError;
use super::ownership::OwnershipProof;
use super::pull_request::{NewPullRequest, PullRequest, PullRequestText, PullRequests};
use super::repository::{
    Availability, Branch, Content, NewRepository, Remote, RepoPath, Repository, RepositoryId,
};
use super::response::{RequestKind, Response};
use super::settings::{Api, RepositoryClient};
use super::site::Site;
use super::transport::{ClientError, Credential, HttpConfig, Transport};
use crate::model::input::Owner;
use crate::model::preflight::{OwnerKind, Permission};
use crate::secret::Secret;
use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Forgejo or Gitea with one token.
pub struct Forgejo {
    transport: Transport,
}

/// The pages of the longest list that is read. A server gives 20 to 50 entries a page.
const MAX_PAGES: usize = 200;
/// The page length that is asked for.
const PAGE: usize = 50;

/// A repository document.
#[derive(Deserialize)]
struct RepositoryJson {
    id: u64,
    full_name: String,
    description: Option<String>,
    created_at: String,
    private: bool,
    #[serde(default)]
    forks_count: u64,
    #[serde(default)]
    stars_count: u64,
    #[serde(default)]
    open_issues_count: u64,
    #[serde(default)]
    open_pr_counter: u64,
}

/// A user or an organisation. Users have both names, organisations have `username` only.
#[derive(Deserialize)]
struct OwnerJson {
    id: u64,
    login: Option<String>,
    username: Option<String>,
}

#[derive(Deserialize)]
struct PermissionsJson {
    can_create_repository: bool,
}

#[derive(Deserialize)]
struct BranchJson {
    name: String,
    commit: BranchCommitJson,
}

#[derive(Deserialize)]
struct BranchCommitJson {
    id: String,
}

#[derive(Deserialize)]
struct CommitJson {
    commit: CommitBodyJson,
}

#[derive(Deserialize)]
struct CommitBodyJson {
    tree: TreeJson,
}

#[derive(Deserialize)]
struct TreeJson {
    sha: String,
}

#[derive(Deserialize)]
struct TagJson {
    name: String,
}

#[derive(Deserialize)]
struct DefaultBranchJson {
    default_branch: String,
}

#[derive(Deserialize)]
struct PullJson {
    number: u64,
    state: String,
    body: Option<String>,
    html_url: String,
    head: PullHeadJson,
}

#[derive(Deserialize)]
struct PullHeadJson {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    /// None for a fork that was removed.
    repo: Option<FullNameJson>,
}

#[derive(Deserialize)]
struct FullNameJson {
    full_name: String,
}

impl Forgejo {
    /// A client for one site with one token.
    pub fn new(site: Site, secret: Secret, config: HttpConfig) -> Result<Self, ClientError> {
        let scheme = "token";
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
        Ok(Self {
            transport: Transport::new(site, credential, HeaderMap::new(), config)?,
        })
    }

    /// Sends a request that needs no token, and returns the forge's time in seconds since 1970.
    pub(super) async fn probe(&self) -> Result<Option<i64>, ForgeError> {
        answered(self.get::<Value>(&["version"]).await)?;
        Ok(self.transport.server_time())
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, ForgeError> {
        let response = self
            .transport
            .read(&self.transport.site().api(path))
            .await?;
        self.document(&response, RequestKind::Read)
    }

    async fn change<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<T, ForgeError> {
        let url = self.transport.site().api(path);
        let json = body.to_string().into();
        let response = self.transport.change(method, url, Some(json)).await?;
        self.document(&response, RequestKind::Change)
    }

    fn document<T: DeserializeOwned>(
        &self,
        response: &Response,
        kind: RequestKind,
    ) -> Result<T, ForgeError> {
        serde_json::from_slice(&response.body)
            .map_err(|error| kind.unreadable(self.transport.quote(&error.to_string())))
    }

    /// One page of a list, with its answer. An empty list may be written as `null`.
    async fn page<T: DeserializeOwned>(
        &self,
        path: &[&str],
        number: usize,
    ) -> Result<(Vec<T>, Response), ForgeError> {
        let mut url = self.transport.site().api(path);
        url.query_pairs_mut()
            .append_pair("limit", &PAGE.to_string())
            .append_pair("page", &number.to_string());
        let response = self.transport.read(&url).await?;
        let found: Option<Vec<T>> = if response.body.is_empty() {
            None
        } else {
            self.document(&response, RequestKind::Read)?
        };
        Ok((found.unwrap_or_default(), response))
    }

    /// All pages of a list, each as long as the server makes it, and false if there are more than [`MAX_PAGES`].
    async fn list<T: DeserializeOwned>(&self, path: &[&str]) -> Result<(Vec<T>, bool), ForgeError> {
        let mut all = Vec::new();
        for number in 1..=MAX_PAGES {
            let (found, response) = self.page(path, number).await?;
            let length = found.len();
            all.extend(found);
            if is_last_page(&response, all.len(), length, PAGE) {
                return Ok((all, true));
            }
        }
        Ok((all, false))
    }

    /// All pages of a list. Fails for one of more than [`MAX_PAGES`].
    async fn whole_list<T: DeserializeOwned>(
        &self,
        what: &str,
        path: &[&str],
    ) -> Result<Vec<T>, ForgeError> {
        let (all, is_complete) = self.list(path).await?;
        if is_complete {
            return Ok(all);
        }
        Err(ForgeError::too_long(what, all.len()))
    }

    async fn organisation(&self, user: &str, login: String) -> Result<OwnerOption, ForgeError> {
        let path = ["users", user, "orgs", &login, "permissions"];
        let right = match self.get::<PermissionsJson>(&path).await {
            Ok(permissions) if permissions.can_create_repository => Some(Ok(())),
            Ok(_) => Some(Err(Denial::Policy)),
            Err(ForgeError::Forbidden { .. } | ForgeError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(OwnerOption::organisation(login, right))
    }

    async fn content(&self, full_name: &str) -> Result<Content, ForgeError> {
        let (owner, name) = split(full_name)?;
        // More than one page is more than one branch or tag.
        let path = |list| ["repos", owner, name, list];
        let (branches, _) = self.page::<BranchJson>(&path("branches"), 1).await?;
        let (tags, _) = self.page::<TagJson>(&path("tags"), 1).await?;
        let refs = Refs::of(
            branches
                .into_iter()
                .map(|found| (found.name, found.commit.id))
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
                let path = ["repos", owner, name, "git", "commits", commit.as_str()];
                let found: CommitJson = self.get(&path).await?;
                Content::Branch(Branch {
                    name: branch,
                    commit,
                    tree: git_id(&found.commit.tree.sha)?,
                })
            }
        })
    }

    fn repository_of(
        &self,
        found: RepositoryJson,
        content: Content,
    ) -> Result<Repository, ForgeError> {
        let (owner, name) = split(&found.full_name)?;
        let created_at: jiff::Timestamp = found.created_at.parse().map_err(|_| {
            ForgeError::protocol("a repository's time of creation is not understood")
        })?;
        let activity = [
            found.forks_count,
            found.stars_count,
            found.open_issues_count,
            found.open_pr_counter,
        ];
        Ok(Repository {
            id: RepositoryId(found.id),
            remote: Remote::Url(self.transport.site().remote(owner, name)),
            description: found.description.unwrap_or_default(),
            created_at: created_at.as_second(),
            is_private: found.private,
            content,
            activity: activity.into_iter().fold(0, u64::saturating_add),
            full_name: found.full_name,
        })
    }
}

#[async_trait]
impl Forge for Forgejo {
    /// The forge shows neither scopes nor expiry of a token.
    async fn current_user(&self) -> Result<Account, ForgeError> {
        let user: OwnerJson = self.get(&["user"]).await?;
        Ok(Account {
            id: user.id,
            login: user.login()?,
            scopes: None,
            expires_at: None,
            answered_at: None,
            can_delete: Permission::Unknown,
            rate_limit: None,
        })
    }

    async fn owners(&self) -> Result<Owners, ForgeError> {
        let user = self.current_user().await?;
        let mut options = vec![OwnerOption::person(user.login.clone(), true)];
        let (organisations, is_complete) = match self.list::<OwnerJson>(&["user", "orgs"]).await {
            Ok(found) => found,
            Err(ForgeError::Forbidden { .. }) => (Vec::new(), false),
            Err(error) => return Err(error),
        };
        for organisation in organisations {
            options.push(
                self.organisation(&user.login, organisation.login()?)
                    .await?,
            );
        }
        Ok(Owners {
            options,
            is_complete,
        })
    }

    async fn owner(&self, owner: &Owner) -> Result<OwnerOption, ForgeError> {
        let current = self.current_user().await?;
        match self.get::<OwnerJson>(&["orgs", owner.as_str()]).await {
            Ok(found) => self.organisation(&current.login, found.login()?).await,
            Err(ForgeError::NotFound { .. }) => {
                let found: OwnerJson = self.get(&["users", owner.as_str()]).await?;
                let is_current_user = found.id == current.id;
                Ok(OwnerOption::person(found.login()?, is_current_user))
            }
            Err(error) => Err(error),
        }
    }

    async fn repositories(&self, owner: &Owner) -> Result<Vec<Remote>, ForgeError> {
        let path = |kind| [kind, owner.as_str(), "repos"];
        let what = "repositories";
        let found: Vec<FullNameJson> = match self.whole_list(what, &path("orgs")).await {
            Err(ForgeError::NotFound { .. }) => self.whole_list(what, &path("users")).await?,
            found => found?,
        };
        let site = self.transport.site();
        let remote = |found: FullNameJson| {
            let (owner, name) = split(&found.full_name)?;
            Ok(Remote::Url(site.remote(owner, name)))
        };
        found.into_iter().map(remote).collect()
    }

    async fn availability(&self, repo: &RepoPath) -> Result<Availability, ForgeError> {
        let path = ["repos", repo.owner.as_str(), repo.name.as_str()];
        let found = self.get::<RepositoryJson>(&path).await;
        availability(repo, found.map(|found| (found.id, found.full_name)))
    }

    async fn create(&self, order: &NewRepository) -> Result<Repository, ForgeError> {
        let owner = order.repo.owner.as_str();
        let path: &[&str] = match order.owner_kind {
            OwnerKind::CurrentUser => &["user", "repos"],
            OwnerKind::Organisation => &["orgs", owner, "repos"],
            OwnerKind::OtherUser => return Err(ForgeError::other_user(owner)),
        };
        let body = json!({
            "name": order.repo.name,
            "description": order.marker.description(),
            "private": true,
            "auto_init": false,
        });
        let created = self.change(Method::POST, path, &body).await?;
        // The repository exists now: an answer that cannot be read leaves its state unknown.
        self.repository_of(created, Content::Empty)
            .map_err(|error| unknown(&error))
    }

    async fn repository(&self, id: RepositoryId) -> Result<Option<Repository>, ForgeError> {
        let number = id.to_string();
        let found = self.get::<RepositoryJson>(&["repositories", &number]).await;
        let Some(found) = existing(found)? else {
            return Ok(None);
        };
        check_id(found.id, id)?;
        // A new repository may answer by its number before it answers by its name.
        let Some(content) = existing(self.content(&found.full_name).await)? else {
            return Ok(None);
        };
        self.repository_of(found, content).map(Some)
    }

    /// By name, since this forge changes nothing by number. The number in the answer is compared.
    async fn set_description(
        &self,
        repository: &Repository,
        description: &str,
    ) -> Result<(), ForgeError> {
        let (owner, name) = split(&repository.full_name)?;
        let body = json!({ "description": description });
        let path = ["repos", owner, name];
        let changed: RepositoryJson = self.change(Method::PATCH, &path, &body).await?;
        check_id(changed.id, repository.id)
    }

    /// By the name that was read with the number a moment before, since this forge deletes nothing by number.
    async fn delete(&self, id: RepositoryId, proof: &OwnershipProof) -> Result<(), ForgeError> {
        let found = self.repository(id).await?;
        let repository = found.ok_or_else(ForgeError::no_longer_there)?;
        proof.check(&repository)?;
        let (owner, name) = split(&repository.full_name)?;
        let url = self.transport.site().api(&["repos", owner, name]);
        self.transport.change(Method::DELETE, url, None).await?;
        Ok(())
    }

    fn pull_requests(&self) -> Option<&dyn PullRequests> {
        Some(self)
    }

    fn settings(&self) -> Option<RepositoryClient<'_>> {
        Some(RepositoryClient::new(&self.transport, Api::Forgejo))
    }

    fn removal_command(&self, repo: &RepoPath, _: Option<RepositoryId>) -> String {
        let path = ["repos", repo.owner.as_str(), repo.name.as_str()];
        let url = self.transport.site().api(&path);
        format!("curl --fail --request DELETE --header \"Authorization: token $TOKEN\" {url}")
    }
}

#[async_trait]
impl PullRequests for Forgejo {
    async fn default_branch(&self, repo: &RepoPath) -> Result<String, ForgeError> {
        let path = ["repos", repo.owner.as_str(), repo.name.as_str()];
        let found: DefaultBranchJson = self.get(&path).await?;
        Ok(found.default_branch)
    }

    async fn open_pull_requests(&self, repo: &RepoPath) -> Result<Vec<PullRequest>, ForgeError> {
        let path = ["repos", repo.owner.as_str(), repo.name.as_str(), "pulls"];
        // Open ones alone are the default of the list.
        let found: Vec<PullJson> = self.whole_list("open pull requests", &path).await?;
        let is_own = |pull: &PullJson| {
            let from = pull.head.repo.as_ref();
            from.is_some_and(|from| repo.is_same_name(&from.full_name))
        };
        let open = found.into_iter().filter(|pull| pull.state == "open");
        open.filter(is_own).map(PullJson::pull_request).collect()
    }

    async fn open_pull_request(
        &self,
        repo: &RepoPath,
        new: &NewPullRequest,
    ) -> Result<PullRequest, ForgeError> {
        let path = ["repos", repo.owner.as_str(), repo.name.as_str(), "pulls"];
        let body = json!({
            "title": title(&new.text),
            "body": new.text.body,
            "head": new.branch,
            "base": new.base,
        });
        let opened: PullJson = self.change(Method::POST, &path, &body).await?;
        opened.pull_request().map_err(|error| unknown(&error))
    }

    async fn revise_pull_request(
        &self,
        repo: &RepoPath,
        number: u64,
        text: &PullRequestText,
    ) -> Result<(), ForgeError> {
        let number = number.to_string();
        let (owner, name) = (repo.owner.as_str(), repo.name.as_str());
        let path = ["repos", owner, name, "pulls", &number];
        let body = json!({ "title": title(text), "body": text.body });
        self.change::<Value>(Method::PATCH, &path, &body)
            .await
            .map(drop)
    }

    async fn comment(&self, repo: &RepoPath, number: u64, text: &str) -> Result<(), ForgeError> {
        let number = number.to_string();
        let (owner, name) = (repo.owner.as_str(), repo.name.as_str());
        let path = ["repos", owner, name, "issues", &number, "comments"];
        let body = json!({ "body": text });
        self.change::<Value>(Method::POST, &path, &body)
            .await
            .map(drop)
    }
}

/// The title, which makes a draft of a pull request here.
fn title(text: &PullRequestText) -> String {
    if text.is_draft {
        format!("WIP: {}", text.title)
    } else {
        text.title.clone()
    }
}

impl PullJson {
    fn pull_request(self) -> Result<PullRequest, ForgeError> {
        Ok(PullRequest {
            number: self.number,
            branch: self.head.branch,
            head: git_id(&self.head.sha)?,
            body: self.body.unwrap_or_default(),
            url: self.html_url,
        })
    }
}

impl OwnerJson {
    fn login(self) -> Result<String, ForgeError> {
        self.login
            .or(self.username)
            .ok_or_else(|| ForgeError::protocol("an account has no login"))
    }
}
