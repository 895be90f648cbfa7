//! Pull requests from one branch of a repository to another.

use super::error::ForgeError;
use super::repository::RepoPath;
use crate::model::digest::GitId;
use async_trait::async_trait;

/// An open pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    pub number: u64,
    /// The branch with the change.
    pub branch: String,
    /// The last commit of that branch.
    pub head: GitId,
    pub body: String,
    /// The address of its page.
    pub url: String,
}

/// The text of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequestText {
    pub title: String,
    pub body: String,
    /// True if it must not be merged yet.
    pub is_draft: bool,
}

/// A pull request to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPullRequest {
    pub branch: String,
    /// The branch that the change is for.
    pub base: String,
    pub text: PullRequestText,
}

/// The repositories of a forge that have pull requests. A change is sent once.
#[async_trait]
pub trait PullRequests: Send + Sync {
    /// The branch that clones of a repository start with.
    async fn default_branch(&self, repo: &RepoPath) -> Result<String, ForgeError>;

    /// The open pull requests between branches of the repository itself.
    async fn open_pull_requests(&self, repo: &RepoPath) -> Result<Vec<PullRequest>, ForgeError>;

    /// Opens a pull request.
    async fn open_pull_request(
        &self,
        repo: &RepoPath,
        new: &NewPullRequest,
    ) -> Result<PullRequest, ForgeError>;

    /// Replaces title and body of a pull request.
    async fn revise_pull_request(
        &self,
        repo: &RepoPath,
        number: u64,
        text: &PullRequestText,
    ) -> Result<(), ForgeError>;

    /// Adds a comment to a pull request.
    async fn comment(&self, repo: &RepoPath, number: u64, text: &str) -> Result<(), ForgeError>;
}
