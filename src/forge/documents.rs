//! Checks that the documents of GitHub and Forgejo have in common.

use super::error::ForgeError;
use super::repository::{Availability, Content, RepoPath, RepositoryId, split_full_name};
use super::response::Response;
use crate::base::pattern::pattern;
use crate::model::digest::GitId;

/// Nothing for a page that does not exist.
pub(super) fn existing<T>(result: Result<T, ForgeError>) -> Result<Option<T>, ForgeError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(ForgeError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A forge that demands a token or a pause has answered too.
pub(super) fn answered<T>(result: Result<T, ForgeError>) -> Result<(), ForgeError> {
    match result {
        Ok(_)
        | Err(
            ForgeError::Unauthorized { .. }
            | ForgeError::Forbidden { .. }
            | ForgeError::RateLimited { .. },
        ) => Ok(()),
        // Every forge of the kind has the page.
        Err(ForgeError::NotFound { message }) => Err(ForgeError::Protocol { message }),
        Err(error) => Err(error),
    }
}

/// The owner and the name of a repository.
pub(super) fn split(full_name: &str) -> Result<(&str, &str), ForgeError> {
    split_full_name(full_name)
        .ok_or_else(|| ForgeError::protocol("a repository's full name is not `owner/name`"))
}

/// True if a list has no further page: by the links of the answer, else by its number of all entries, else by the length of
/// this page.
pub(super) fn is_last_page(response: &Response, read: usize, length: usize, asked: usize) -> bool {
    let total = response
        .header("x-total-count")
        .and_then(|total| total.parse::<usize>().ok());
    let is_last = match (response.header("link"), total) {
        (Some(link), _) => !pattern!(r#"rel="?next\b"#).is_match(link),
        (None, Some(total)) => read >= total,
        (None, None) => length < asked,
    };
    is_last || length == 0
}

/// Fails when a document is about another repository than the one that was asked for.
pub(super) fn check_id(found: u64, id: RepositoryId) -> Result<(), ForgeError> {
    if found == id.0 {
        return Ok(());
    }
    let message = format!("the answer is about repository {found} instead of {id}");
    Err(ForgeError::protocol(message))
}

pub(super) fn git_id(text: &str) -> Result<GitId, ForgeError> {
    GitId::parse(text).map_err(|error| ForgeError::protocol(error.to_string()))
}

/// The refs of a repository. The tree of an only branch is still to be read.
pub(super) enum Refs {
    None,
    OneBranch { name: String, commit: GitId },
    Several(Content),
}

impl Refs {
    /// The refs by the names and commits of the branches and the names of the tags.
    pub(super) fn of(
        mut branches: Vec<(String, String)>,
        tags: Vec<String>,
    ) -> Result<Self, ForgeError> {
        if branches.len() + tags.len() > 1 || branches.is_empty() && !tags.is_empty() {
            let names = branches.into_iter().map(|(name, _)| name);
            return Ok(Self::Several(Content::Refs(names.chain(tags).collect())));
        }
        Ok(match branches.pop() {
            Some((name, commit)) => Self::OneBranch {
                name,
                commit: git_id(&commit)?,
            },
            None => Self::None,
        })
    }
}

/// The use of a name by the answer to a request for the repository of this name: its id and its full name.
pub(super) fn availability(
    repo: &RepoPath,
    found: Result<(u64, String), ForgeError>,
) -> Result<Availability, ForgeError> {
    match found {
        Ok((id, full_name)) if repo.is_same_name(&full_name) => Ok(Availability::Taken {
            id: RepositoryId(id),
            full_name,
        }),
        Ok(_) | Err(ForgeError::Moved) => Ok(Availability::Moved),
        Err(ForgeError::NotFound { .. }) => Ok(Availability::Free),
        Err(error) => Err(error),
    }
}

/// The outcome of a create whose repository exists and cannot be read: its state is unknown.
pub(super) fn unknown(error: &ForgeError) -> ForgeError {
    ForgeError::OutcomeUnknown {
        message: error.to_string(),
    }
}
