//! Single files of a repository, committed by the forge.

use super::{Api, BRANCH, RepositoryClient};
use crate::forge::documents::existing;
use crate::forge::error::ForgeError;
use crate::forge::repository::RepoPath;
use crate::model::path::TreePath;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// A file to be committed.
#[derive(Clone, Copy, Debug)]
pub struct NewFile<'f> {
    pub path: &'f TreePath,
    pub bytes: &'f [u8],
    /// The message of the commit.
    pub message: &'f str,
}

/// A file of a repository.
#[derive(Deserialize)]
struct FileJson {
    /// In base64 with line ends; none for a folder or a large file.
    content: Option<String>,
}

/// A reference of GitHub.
#[derive(Deserialize)]
struct ReferenceJson {
    object: ObjectJson,
}

#[derive(Deserialize)]
struct ObjectJson {
    sha: String,
}

impl RepositoryClient<'_> {
    /// The content of a file on a branch. Nothing if there is no such file or branch.
    pub async fn file(
        &self,
        repo: &RepoPath,
        branch: &str,
        path: &TreePath,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        let mut url = self.address(repo, &segments(path));
        url.query_pairs_mut().append_pair("ref", branch);
        let Some(found) = existing(self.get::<FileJson>(url).await)? else {
            return Ok(None);
        };
        let text = found
            .content
            .ok_or_else(|| ForgeError::protocol("a file has no content"))?;
        let lines: String = text.split_whitespace().collect();
        let bytes = BASE64_STANDARD.decode(lines);
        bytes
            .map(Some)
            .map_err(|_| ForgeError::protocol("the content of a file is not base64"))
    }

    /// Commits a new file to `main`.
    pub async fn commit_file(&self, repo: &RepoPath, file: NewFile<'_>) -> Result<(), ForgeError> {
        self.commit(repo, file, json!({ "branch": BRANCH })).await
    }

    /// Commits a new file to a new branch, which starts at `main`.
    pub async fn commit_file_to_new_branch(
        &self,
        repo: &RepoPath,
        branch: &str,
        file: NewFile<'_>,
    ) -> Result<(), ForgeError> {
        let place = match self.api {
            Api::GitHub => {
                self.create_branch(repo, branch).await?;
                json!({ "branch": branch })
            }
            Api::Forgejo => json!({ "branch": BRANCH, "new_branch": branch }),
        };
        self.commit(repo, file, place).await
    }

    /// Deletes a branch, if there is one. Its name has no `/`.
    pub async fn delete_branch(&self, repo: &RepoPath, branch: &str) -> Result<(), ForgeError> {
        let url = match self.api {
            Api::GitHub => self.address(repo, &["git", "refs", "heads", branch]),
            Api::Forgejo => self.address(repo, &["branches", branch]),
        };
        existing(self.transport.change(Method::DELETE, url, None).await).map(drop)
    }

    async fn commit(
        &self,
        repo: &RepoPath,
        file: NewFile<'_>,
        mut body: serde_json::Value,
    ) -> Result<(), ForgeError> {
        body["message"] = json!(file.message);
        body["content"] = json!(BASE64_STANDARD.encode(file.bytes));
        let method = match self.api {
            Api::GitHub => Method::PUT,
            Api::Forgejo => Method::POST,
        };
        let url = self.address(repo, &segments(file.path));
        self.send(method, url, &body).await
    }

    /// Creates a branch at the last commit of `main`. An existing one is of an earlier attempt and stays.
    async fn create_branch(&self, repo: &RepoPath, branch: &str) -> Result<(), ForgeError> {
        let address = self.address(repo, &["git", "ref", "heads", BRANCH]);
        let head: ReferenceJson = self.get(address).await?;
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": head.object.sha });
        match self.post(self.address(repo, &["git", "refs"]), &body).await {
            Err(ForgeError::NameTaken { .. }) => Ok(()),
            created => created,
        }
    }
}

fn segments(path: &TreePath) -> Vec<&str> {
    std::iter::once("contents")
        .chain(path.as_str().split('/'))
        .collect()
}
