//! The requests about the settings of repositories.

use super::difference::{
    RepositoryAccess, SettingDifference, access_difference, issue_name, label_difference,
};
use super::documents::{InvitationJson, IssueJson, LabelJson, RoleJson, TeamJson};
use crate::forge::documents::{existing, is_last_page};
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::forge::response::{RequestKind, Response};
use crate::forge::transport::Transport;
use crate::model::repository_settings::{
    AccountName, BranchProtection, CollaboratorRole, FirstIssue, Label, RepositorySettings,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The entries of a page, and the pages of the longest list that is read.
const PAGE: usize = 50;
const MAX_PAGES: usize = 200;

/// The kind of forge, where requests differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forge) enum Api {
    GitHub,
    Forgejo,
}

/// Access to the settings and to single files of one forge's repositories.
pub struct RepositoryClient<'f> {
    pub(super) transport: &'f Transport,
    pub(super) api: Api,
}

impl<'f> RepositoryClient<'f> {
    pub(in crate::forge) fn new(transport: &'f Transport, api: Api) -> Self {
        Self { transport, api }
    }

    /// The differences of a repository from the settings that it needs. Settings beside these are not looked at.
    pub async fn compare(
        &self,
        repo: &RepoPath,
        needed: &RepositorySettings,
    ) -> Result<Vec<SettingDifference>, ForgeError> {
        let mut differences = Vec::new();
        if !needed.labels.is_empty() {
            let found = self.labels(repo).await?;
            let labels = needed.labels.iter();
            differences.extend(labels.filter_map(|label| label_difference(label, &found)));
        }
        for collaborator in &needed.collaborators {
            let (account, role) = (&collaborator.account, collaborator.role);
            let access = self.access(repo, account, role).await?;
            differences.extend(access_difference(account, role, &access));
        }
        if let Some(protection) = &needed.protection {
            differences.extend(self.compare_protection(repo, protection).await?);
        }
        if !needed.issues.is_empty() {
            let found = self.issues(repo).await?;
            let missing = needed
                .issues
                .iter()
                .filter(|issue| !found.iter().any(|title| title == issue.title.as_str()));
            differences.extend(missing.map(|issue| SettingDifference {
                help: "open it on the forge".to_owned(),
                ..SettingDifference::missing(issue_name(issue))
            }));
        }
        Ok(differences)
    }

    pub(super) async fn labels(&self, repo: &RepoPath) -> Result<Vec<LabelJson>, ForgeError> {
        self.list(repo, &["labels"], &[]).await
    }

    pub(super) async fn create_label(
        &self,
        repo: &RepoPath,
        label: &Label,
    ) -> Result<(), ForgeError> {
        let url = self.address(repo, &["labels"]);
        self.post(url, &label_body(label)).await
    }

    pub(super) async fn update_label(
        &self,
        repo: &RepoPath,
        found: &LabelJson,
        label: &Label,
    ) -> Result<(), ForgeError> {
        let id = found.id.to_string();
        let last = match self.api {
            Api::GitHub => &found.name,
            Api::Forgejo => &id,
        };
        let url = self.address(repo, &["labels", last]);
        self.send(reqwest::Method::PATCH, url, &label_body(label))
            .await
    }

    /// True if an account administers a repository. False where the account of the token may not ask.
    pub async fn administers(&self, repo: &RepoPath, login: &str) -> Result<bool, ForgeError> {
        let Ok(account) = AccountName::account(login) else {
            return Ok(false);
        };
        match self.role(repo, &account).await {
            Ok(role) => Ok(role == Some(CollaboratorRole::Admin)),
            Err(ForgeError::Forbidden { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The role of an account; none if it pushes nothing, or the forge does not know it.
    async fn role(
        &self,
        repo: &RepoPath,
        account: &AccountName,
    ) -> Result<Option<CollaboratorRole>, ForgeError> {
        if let Some((_, team)) = account.team() {
            let teams: Vec<TeamJson> = self.list(repo, &["teams"], &[]).await?;
            let found = teams.iter().find(|one| one.is(team));
            return Ok(found.and_then(TeamJson::role));
        }
        let path = ["collaborators", account.as_str(), "permission"];
        let found: Option<RoleJson> = existing(self.get(self.address(repo, &path)).await)?;
        Ok(found.and_then(|found| found.role()))
    }

    /// The access of an account, as far as it concerns `role`.
    pub(super) async fn access(
        &self,
        repo: &RepoPath,
        account: &AccountName,
        role: CollaboratorRole,
    ) -> Result<RepositoryAccess, ForgeError> {
        if self.role(repo, account).await? >= Some(role) {
            return Ok(RepositoryAccess::Has);
        }
        if self.api == Api::GitHub && account.team().is_none() {
            let invited: Vec<InvitationJson> = self.list(repo, &["invitations"], &[]).await?;
            let is_it = |invitation: &InvitationJson| {
                let login = invitation.login();
                login.is_some_and(|login| account.is(login)) && invitation.role() >= Some(role)
            };
            if invited.iter().any(is_it) {
                return Ok(RepositoryAccess::Invited);
            }
        }
        Ok(RepositoryAccess::Lacks)
    }

    /// Gives an account a role. GitHub invites a user, who has to accept. A team of Forgejo has its role in all its
    /// repositories.
    pub(super) async fn grant(
        &self,
        repo: &RepoPath,
        account: &AccountName,
        role: CollaboratorRole,
    ) -> Result<(), ForgeError> {
        let permission = match (self.api, role) {
            (Api::GitHub, CollaboratorRole::Write) => "push",
            (_, role) => role.as_str(),
        };
        let (owner, name) = (repo.owner.as_str(), repo.name.as_str());
        let url = match (self.api, account.team()) {
            (Api::GitHub, Some((organisation, team))) => {
                let path = ["orgs", organisation, "teams", team, "repos", owner, name];
                self.transport.site().api(&path)
            }
            (Api::Forgejo, Some((_, team))) => self.address(repo, &["teams", team]),
            (_, None) => self.address(repo, &["collaborators", account.as_str()]),
        };
        let body = json!({ "permission": permission });
        self.send(reqwest::Method::PUT, url, &body).await
    }

    /// The titles of all issues, closed ones included.
    pub(super) async fn issues(&self, repo: &RepoPath) -> Result<Vec<String>, ForgeError> {
        let found: Vec<IssueJson> = self.list(repo, &["issues"], &[("state", "all")]).await?;
        Ok(found.into_iter().map(|issue| issue.title).collect())
    }

    pub(super) async fn open_issue(
        &self,
        repo: &RepoPath,
        issue: &FirstIssue,
        labels: &[LabelJson],
    ) -> Result<(), ForgeError> {
        let ids = || {
            let named = labels.iter();
            named.filter(|label| issue.labels.iter().any(|one| label.is(one.as_str())))
        };
        let labels: Value = match self.api {
            Api::GitHub => json!(issue.labels),
            Api::Forgejo => ids().map(|label| label.id).collect::<Vec<_>>().into(),
        };
        let body = json!({ "title": issue.title, "body": issue.body, "labels": labels });
        self.post(self.address(repo, &["issues"]), &body).await
    }

    pub(super) async fn compare_protection(
        &self,
        repo: &RepoPath,
        needed: &BranchProtection,
    ) -> Result<Vec<SettingDifference>, ForgeError> {
        match self.api {
            Api::GitHub => self.compare_github_protection(repo, needed).await,
            Api::Forgejo => self.compare_forgejo_protection(repo, needed).await,
        }
    }

    pub(super) async fn protect(
        &self,
        repo: &RepoPath,
        needed: &BranchProtection,
    ) -> Result<(), ForgeError> {
        match self.api {
            Api::GitHub => self.protect_on_github(repo, needed).await,
            Api::Forgejo => self.protect_on_forgejo(repo, needed).await,
        }
    }

    pub(super) fn address(&self, repo: &RepoPath, rest: &[&str]) -> url::Url {
        let start = ["repos", repo.owner.as_str(), repo.name.as_str()];
        self.transport.site().api(&[&start, rest].concat())
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, url: url::Url) -> Result<T, ForgeError> {
        let response = self.transport.read(&url).await?;
        self.document(&response)
    }

    /// All entries of a list. An empty list may be written as `null`. Fails for more than [`MAX_PAGES`] pages.
    async fn list<T: DeserializeOwned>(
        &self,
        repo: &RepoPath,
        rest: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, ForgeError> {
        let length = match self.api {
            Api::GitHub => "per_page",
            Api::Forgejo => "limit",
        };
        let mut all = Vec::new();
        for number in 1..=MAX_PAGES {
            let mut url = self.address(repo, rest);
            url.query_pairs_mut()
                .extend_pairs(query)
                .append_pair(length, &PAGE.to_string())
                .append_pair("page", &number.to_string());
            let response = self.transport.read(&url).await?;
            let found: Option<Vec<T>> = self.document(&response)?;
            let length = found.as_ref().map_or(0, Vec::len);
            all.extend(found.into_iter().flatten());
            if is_last_page(&response, all.len(), length, PAGE) {
                return Ok(all);
            }
        }
        Err(ForgeError::too_long(&rest.join("/"), all.len()))
    }

    pub(super) async fn post(&self, url: url::Url, body: &Value) -> Result<(), ForgeError> {
        self.send(reqwest::Method::POST, url, body).await
    }

    /// Sends a change. Its answer is not needed, because the settings are read again.
    pub(super) async fn send(
        &self,
        method: reqwest::Method,
        url: url::Url,
        body: &Value,
    ) -> Result<(), ForgeError> {
        let json = body.to_string().into();
        self.transport
            .change(method, url, Some(json))
            .await
            .map(drop)
    }

    fn document<T: DeserializeOwned>(&self, response: &Response) -> Result<T, ForgeError> {
        serde_json::from_slice(&response.body)
            .map_err(|error| RequestKind::Read.unreadable(self.transport.quote(&error.to_string())))
    }
}

fn label_body(label: &Label) -> Value {
    let description = label.description.as_ref().map(AsRef::as_ref);
    json!({
        "name": label.name,
        "color": label.color,
        "description": description.unwrap_or(""),
    })
}
