//! The pull requests of the fake forge.

use super::documents;
use super::fake::State;
use super::wire::Response;
use serde_json::Value;

/// A pull request of the fake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pull {
    pub number: u64,
    pub repo: u64,
    pub title: String,
    pub body: String,
    pub head: String,
    pub base: String,
    pub draft: bool,
    pub comments: Vec<String>,
}

impl State {
    /// Answers a request about the pull requests of a repository.
    pub(super) fn pulls(&mut self, id: u64, method: &str, rest: &[&str], body: &Value) -> Response {
        let dialect = self.dialect;
        match (method, rest) {
            ("GET", ["pulls"]) => {
                let open = self.pulls.iter().filter(|pull| pull.repo == id);
                let open = open.map(|pull| documents::pull(dialect, pull, &self.repos[&id]));
                Response::json(200, &open.collect())
            }
            ("POST", ["pulls"]) => self.open_pull(id, body),
            ("PATCH", ["pulls", number]) => {
                let pull = self.pull(number);
                pull.title = String::from(body["title"].as_str().unwrap());
                pull.body = String::from(body["body"].as_str().unwrap());
                let pull = pull.clone();
                Response::json(200, &documents::pull(dialect, &pull, &self.repos[&id]))
            }
            ("POST", ["issues", number, "comments"]) => {
                let text = String::from(body["body"].as_str().unwrap());
                self.pull(number).comments.push(text);
                Response::json(201, &documents::comment(dialect))
            }
            _ => Response::message(404, "Not Found"),
        }
    }

    fn pull(&mut self, number: &str) -> &mut Pull {
        let number: u64 = number.parse().unwrap();
        let found = self.pulls.iter_mut().find(|pull| pull.number == number);
        found.expect("a pull request of this number")
    }

    fn open_pull(&mut self, repo: u64, body: &Value) -> Response {
        let text = |name: &str| String::from(body[name].as_str().unwrap());
        let branches = &self.repos[&repo].branches;
        let is_there = |name: &str| branches.contains_key(&text(name));
        let is_open = self.pulls.iter().any(|pull| pull.head == text("head"));
        if is_open || !is_there("head") || !is_there("base") {
            return Response::message(422, "Validation Failed");
        }
        let title = text("title");
        let pull = Pull {
            number: self.pulls.len() as u64 + 7,
            repo,
            draft: body["draft"] == true || title.starts_with("WIP: "),
            title,
            body: text("body"),
            head: text("head"),
            base: text("base"),
            comments: Vec::new(),
        };
        let answer = documents::pull(self.dialect, &pull, &self.repos[&repo]);
        self.pulls.push(pull);
        Response::json(201, &answer)
    }
}
