//! The lists of the fake forge, page by page.

use super::documents;
use super::fake::State;
use super::wire::Response;
use serde_json::Value;

/// The pages of a server's lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// The most entries of a page, whatever is asked for.
    pub length: usize,
    /// The header is `X-Total-Count` instead of `Link`.
    pub counts_entries: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self {
            length: 50,
            counts_entries: false,
        }
    }
}

impl State {
    /// One page of a list.
    pub(super) fn list(&self, entries: &[Value], page: usize) -> Response {
        let Page {
            length,
            counts_entries,
        } = self.page;
        let part: Vec<Value> = entries
            .iter()
            .skip((page - 1) * length)
            .take(length)
            .cloned()
            .collect();
        let answer = Response::json(200, &part.into());
        if counts_entries {
            answer.with("x-total-count", entries.len().to_string())
        } else if page * length < entries.len() {
            answer.with("link", "<https://evil.example/next>; rel=\"next\"")
        } else {
            answer
        }
    }

    /// The repositories of an organisation or a person. A person is not found among the organisations.
    pub(super) fn repos_of(&self, kind: &str, owner: &str, page: usize) -> Response {
        let is_person = ["jane", "bob"].contains(&owner);
        if is_person == (kind == "orgs") {
            return Response::message(404, "Not Found");
        }
        let owned = self.repos.iter().filter(|(_, repo)| repo.owner == owner);
        let documents = owned.map(|(id, repo)| documents::repository(self.dialect, *id, repo));
        self.list(&documents.collect::<Vec<Value>>(), page)
    }
}
