//! What GitHub's API and that of Forgejo and Gitea have in common.

use super::account::OwnerKind;
use super::error::ForgeError;
use super::http::HttpClient;
use super::repository::{
    Availability, Branch, Content, NewRepository, Remote, RepoPath, Repository, RepositoryId,
};
use crate::model::digest::GitId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// A repository as both forges write it.
#[derive(Deserialize)]
pub(super) struct Written {
    id: u64,
    full_name: String,
    description: Option<String>,
    created_at: String,
    private: bool,
    #[serde(default)]
    forks_count: u64,
    #[serde(default, alias = "stars_count")]
    stargazers_count: u64,
    #[serde(default)]
    open_issues_count: u64,
    #[serde(default)]
    open_pr_counter: u64,
}

/// A user or an organisation.
#[derive(Deserialize)]
#[serde(try_from = "WrittenNamed")]
pub(super) struct Named {
    pub(super) id: u64,
    pub(super) login: String,
}

/// Forgejo's organisations have only a `username`, its users have both.
#[derive(Deserialize)]
struct WrittenNamed {
    id: u64,
    login: Option<String>,
    username: Option<String>,
}

impl TryFrom<WrittenNamed> for Named {
    type Error = &'static str;

    fn try_from(written: WrittenNamed) -> Result<Self, Self::Error> {
        let login = written
            .login
            .or(written.username)
            .ok_or("it has no login")?;
        Ok(Self {
            id: written.id,
            login,
        })
    }
}

#[derive(Deserialize)]
struct Reference {
    name: String,
    commit: ReferenceCommit,
}

#[derive(Deserialize)]
struct ReferenceCommit {
    /// GitHub's word.
    sha: Option<String>,
    /// Forgejo's word.
    id: Option<String>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

pub(super) async fn availability(
    http: &HttpClient,
    place: &RepoPath,
) -> Result<Availability, ForgeError> {
    let path = ["repos", place.owner.as_str(), place.name.as_str()];
    match http.read::<Written>(&path, &[]).await {
        Ok(found) if place.is_alike(&found.full_name) => Ok(Availability::Taken {
            id: RepositoryId(found.id),
            full_name: found.full_name,
        }),
        Ok(_) | Err(ForgeError::Moved) => Ok(Availability::Moved),
        Err(ForgeError::NotFound { .. }) => Ok(Availability::Free),
        Err(error) => Err(error),
    }
}

pub(super) async fn create(
    http: &HttpClient,
    order: &NewRepository,
) -> Result<Repository, ForgeError> {
    let owner = order.place.owner.as_str();
    let path: &[&str] = match order.kind {
        OwnerKind::Myself => &["user", "repos"],
        OwnerKind::Organisation => &["orgs", owner, "repos"],
        OwnerKind::SomebodyElse => {
            let message =
                format!("`{owner}` is another person, who alone makes repositories there");
            return Err(ForgeError::Invalid { message });
        }
    };
    let body = json!({
        "name": order.place.name,
        "description": order.marker.description(),
        "private": true,
        "auto_init": false,
    });
    let made: Written = http.change(Method::POST, path, &body).await?;
    // Not a failure to be undone by hand: the repository exists, so what cannot be read of it is unknown.
    made.with(Content::Empty, http)
        .map_err(|error| ForgeError::OutcomeUnknown {
            message: error.to_string(),
        })
}

/// Reads a repository by its number. `tree_of` finds the tree's id in the forge's document of a commit.
pub(super) async fn repository(
    http: &HttpClient,
    id: RepositoryId,
    tree_of: fn(&Value) -> Option<&str>,
) -> Result<Option<Repository>, ForgeError> {
    let absent_is_none = |error| match error {
        ForgeError::NotFound { .. } => Ok(None),
        error => Err(error),
    };
    let written: Written = match http.read(&["repositories", &id.to_string()], &[]).await {
        Ok(written) => written,
        Err(error) => return absent_is_none(error),
    };
    if written.id != id.0 {
        let message = format!("asked for repository {id}, got {}", written.id);
        return Err(ForgeError::Protocol { message });
    }
    // A repository that was just made may be known by its number before its branches are.
    match content(http, &written.full_name, tree_of).await {
        Ok(content) => written.with(content, http).map(Some),
        Err(error) => absent_is_none(error),
    }
}

async fn content(
    http: &HttpClient,
    full_name: &str,
    tree_of: fn(&Value) -> Option<&str>,
) -> Result<Content, ForgeError> {
    let (owner, name) = split(full_name)?;
    let about = |more: &'static str| ["repos", owner, name, more];
    // Both forges' words for the page's size; each ignores the other's.
    let page = [("per_page", "50"), ("limit", "50")];
    let branches: Vec<Reference> = http.read(&about("branches"), &page).await?;
    let tags: Vec<Tag> = http.read(&about("tags"), &page).await?;
    match (branches.as_slice(), tags.as_slice()) {
        ([], []) => Ok(Content::Empty),
        ([branch], []) => {
            let commit = branch.commit.sha.as_deref().or(branch.commit.id.as_deref());
            let commit = git_id(commit)?;
            let path = ["repos", owner, name, "git", "commits", commit.as_str()];
            let document: Value = http.read(&path, &[]).await?;
            let tree = git_id(tree_of(&document))?;
            Ok(Content::One(Branch {
                name: branch.name.clone(),
                commit,
                tree,
            }))
        }
        _ => {
            let branches = branches.into_iter().map(|branch| branch.name);
            Ok(Content::Several(
                branches
                    .chain(tags.into_iter().map(|tag| tag.name))
                    .collect(),
            ))
        }
    }
}

/// Changes the description by a path that leads to this repository.
pub(super) async fn describe(
    http: &HttpClient,
    path: &[&str],
    id: RepositoryId,
    description: &str,
) -> Result<(), ForgeError> {
    let body = json!({ "description": description });
    let written: Written = http.change(Method::PATCH, path, &body).await?;
    if written.id == id.0 {
        Ok(())
    } else {
        let message = format!(
            "asked to describe repository {id}, it described {}",
            written.id
        );
        Err(ForgeError::Protocol { message })
    }
}

/// The two parts of `owner/name`.
pub(super) fn split(full_name: &str) -> Result<(&str, &str), ForgeError> {
    let is_segment = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('/');
    match full_name.split_once('/') {
        Some((owner, name)) if is_segment(owner) && is_segment(name) => Ok((owner, name)),
        _ => Err(ForgeError::Protocol {
            message: "a repository's full name is not `owner/name`".to_owned(),
        }),
    }
}

impl Written {
    fn with(self, content: Content, http: &HttpClient) -> Result<Repository, ForgeError> {
        let (owner, name) = split(&self.full_name)?;
        let created_at: jiff::Timestamp = self.created_at.parse().map_err(|_| {
            let message = "a repository's time of creation cannot be read".to_owned();
            ForgeError::Protocol { message }
        })?;
        let others = [
            self.forks_count,
            self.stargazers_count,
            self.open_issues_count,
            self.open_pr_counter,
        ];
        Ok(Repository {
            id: RepositoryId(self.id),
            remote: Remote::Url(http.site.remote(owner, name)),
            description: self.description.unwrap_or_default(),
            created_at: created_at.as_second(),
            is_private: self.private,
            content,
            traces: others.into_iter().fold(0, u64::saturating_add),
            full_name: self.full_name,
        })
    }
}

fn git_id(text: Option<&str>) -> Result<GitId, ForgeError> {
    let text = text.ok_or_else(|| ForgeError::Protocol {
        message: "the answer names no git id".to_owned(),
    })?;
    GitId::parse(text).map_err(|error| ForgeError::Protocol {
        message: error.to_string(),
    })
}
