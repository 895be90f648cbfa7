//! A forge that remembers: GitHub's API or Forgejo's over a loopback socket, able to fail at any call in any way.

use super::disk::{Disk, now};
use super::wire::{Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

pub(crate) const TOKEN: &str = "ghp_canary0123456789canary0123456789";
/// Noon of the tests' day, in seconds since 1970.
pub(crate) const NOON: i64 = 1_795_262_400;

/// Whose API is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    GitHub,
    Forgejo,
}

/// How one call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends before anything was done.
    CutBefore,
    /// It is done, and the connection ends without an answer.
    CutAfter,
    /// It is done, and the answer comes after all patience.
    Late,
    /// It is done, and half of the answer arrives.
    Truncated,
    /// It is done, and a gateway says it was not.
    BadGatewayAfter,
    /// A gateway says that nothing was done, which is true.
    BadGatewayBefore,
    /// `429` with `Retry-After`.
    TooMany,
    /// `403` of a secondary rate limit.
    SecondaryLimit,
    /// The token has just been revoked.
    Unauthorized,
    /// `404` although it is there.
    NotFound,
    /// A redirect to something else.
    Redirect,
    /// The answer is no JSON.
    Garbage,
    /// The answer has no end that anybody would wait for.
    Huge,
}

pub(crate) const FAULTS: [Fault; 13] = [
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Late,
    Fault::Truncated,
    Fault::BadGatewayAfter,
    Fault::BadGatewayBefore,
    Fault::TooMany,
    Fault::SecondaryLimit,
    Fault::Unauthorized,
    Fault::NotFound,
    Fault::Redirect,
    Fault::Garbage,
    Fault::Huge,
];

/// A repository of the fake's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repo {
    pub owner: String,
    pub name: String,
    pub description: String,
    pub private: bool,
    pub created_at: i64,
    /// Branch → commit and tree.
    pub branches: BTreeMap<String, (String, String)>,
    pub tags: Vec<String>,
    pub stars: u64,
    /// How many reads still say that it is not there.
    pub hidden: u32,
}

/// Everything the fake remembers.
pub(crate) struct State {
    dialect: Dialect,
    pub repos: BTreeMap<u64, Repo>,
    /// `owner/name` in small letters → the repository that was there before.
    pub redirects: BTreeMap<String, u64>,
    /// Method and path of every call.
    pub calls: Vec<String>,
    /// From which call on which fault, how many times.
    pub fault: Option<(usize, Fault, usize)>,
    pub scopes: &'static str,
    /// When the token ends, as the header says it; nothing when it does not.
    pub expires: Option<String>,
    /// The time that it says it has, where it says so.
    pub date: Option<&'static str>,
    /// How many requests are left.
    pub left: u64,
    /// The organisations that the user belongs to: `acme` lets it in, `closed` does not, others do not say.
    pub organisations: Vec<&'static str>,
    pub creates: Vec<u64>,
    pub deletes: Vec<u64>,
    /// How many reads of a new repository say that it is not there.
    pub hide_new: u32,
    /// The name that a new repository gets instead of the one asked for.
    pub renames_to: Option<&'static str>,
    /// Where its repositories are real ones.
    pub disk: Option<Disk>,
    next: u64,
}

/// The fake forge, which ends with its owner.
pub(crate) struct Fake {
    pub dialect: Dialect,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Fake {
    pub(crate) fn start(dialect: Dialect) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            dialect,
            repos: BTreeMap::new(),
            redirects: BTreeMap::new(),
            calls: Vec::new(),
            fault: None,
            scopes: "repo, workflow, delete_repo",
            expires: Some("2027-01-15 08:00:00 UTC".to_owned()),
            date: None,
            left: 4999,
            organisations: vec!["acme", "closed"],
            creates: Vec::new(),
            deletes: Vec::new(),
            hide_new: 0,
            renames_to: None,
            disk: None,
            next: 41,
        }));
        // The thread ends when nobody but itself holds the state.
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if Arc::strong_count(&shared) == 1 {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Self {
            dialect,
            address,
            state,
        }
    }

    /// What is configured as the forge's address.
    pub(crate) fn address(&self) -> String {
        match self.dialect {
            Dialect::GitHub => format!("http://{}", self.address),
            Dialect::Forgejo => format!("http://{}/code/", self.address),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let address = self.address;
        self.state = Arc::new(Mutex::new(State::empty(self.dialect)));
        drop(TcpStream::connect(address));
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let Ok(request) = Request::read(&mut stream) else {
        return;
    };
    let fault = {
        let mut state = state.lock().unwrap();
        state
            .calls
            .push(format!("{} /{}", request.method, request.path.join("/")));
        let call = state.calls.len() - 1;
        let hit = |(from, fault, times)| (call >= from && call - from < times).then_some(fault);
        state.fault.and_then(hit)
    };
    let act = || {
        let mut state = state.lock().unwrap();
        let answer = state.answer(&request);
        match state.date {
            Some(date) => answer.with("date", date),
            None => answer,
        }
    };
    // The client may be gone when an answer is sent; only what the fake remembers is looked at.
    drop(match fault {
        None => act().send(&mut stream),
        Some(Fault::CutBefore) => Ok(()),
        Some(Fault::CutAfter) => {
            act();
            Ok(())
        }
        Some(Fault::Late) => {
            act();
            stream.read(&mut [0]).map(drop)
        }
        Some(Fault::Truncated) => act().send_half(&mut stream),
        Some(Fault::BadGatewayAfter) => {
            act();
            bad_gateway().send(&mut stream)
        }
        Some(Fault::BadGatewayBefore) => bad_gateway().send(&mut stream),
        Some(Fault::TooMany) => {
            let answer = Response::message(429, "Too many requests");
            answer.with("retry-after", "20").send(&mut stream)
        }
        Some(Fault::SecondaryLimit) => {
            Response::message(403, "You have exceeded a secondary rate limit.").send(&mut stream)
        }
        Some(Fault::Unauthorized) => Response::message(401, "Bad credentials").send(&mut stream),
        Some(Fault::NotFound) => Response::message(404, "Not Found").send(&mut stream),
        Some(Fault::Redirect) => Response::message(307, "Moved")
            .with("location", "/elsewhere")
            .send(&mut stream),
        Some(Fault::Garbage) => {
            let mut answer = act();
            answer.body = String::from("<html>Welcome to our network</html>");
            answer.send(&mut stream)
        }
        Some(Fault::Huge) => {
            let mut answer = act();
            answer.body = " ".repeat(3 * 1024 * 1024);
            answer.send(&mut stream)
        }
    });
}

fn bad_gateway() -> Response {
    let mut answer = Response::message(502, "");
    answer.body = String::from("<html>Bad gateway</html>");
    answer
}

impl State {
    fn empty(dialect: Dialect) -> Self {
        Self {
            dialect,
            repos: BTreeMap::new(),
            redirects: BTreeMap::new(),
            calls: Vec::new(),
            fault: None,
            scopes: "",
            expires: None,
            date: None,
            left: 0,
            organisations: Vec::new(),
            creates: Vec::new(),
            deletes: Vec::new(),
            hide_new: 0,
            renames_to: None,
            disk: None,
            next: 0,
        }
    }

    /// Puts a repository there that somebody else made.
    pub(crate) fn add(&mut self, owner: &str, name: &str, description: &str) -> u64 {
        self.next += 1;
        let repo = Repo {
            owner: owner.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            private: true,
            created_at: self.disk.as_ref().map_or(NOON, |_| now()),
            branches: BTreeMap::new(),
            tags: Vec::new(),
            stars: 0,
            hidden: 0,
        };
        self.repos.insert(self.next, repo);
        self.next
    }

    /// How many calls of a method were made.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.calls
            .iter()
            .filter(|call| call.starts_with(method))
            .count()
    }

    fn answer(&mut self, request: &Request) -> Response {
        let (prefix, scheme): (&[&str], _) = match self.dialect {
            Dialect::GitHub => (&["api", "v3"], "Bearer"),
            Dialect::Forgejo => (&["code", "api", "v1"], "token"),
        };
        if request.header("authorization") != Some(&format!("{scheme} {TOKEN}")) {
            return Response::message(401, "Bad credentials");
        }
        for repo in self.repos.values_mut() {
            if let Some(disk) = &self.disk {
                disk.read(repo);
            }
        }
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        match path.strip_prefix(prefix) {
            Some(path) => self.route(&request.method, path, &request.body),
            None => Response::message(404, "Not Found"),
        }
    }

    fn route(&mut self, method: &str, path: &[&str], body: &Value) -> Response {
        let is_github = self.dialect == Dialect::GitHub;
        match (method, path) {
            ("GET", ["user"]) => {
                let answer = Response::json(200, &user("jane"));
                if !is_github {
                    return answer;
                }
                let answer = answer
                    .with("x-oauth-scopes", self.scopes)
                    .with("x-ratelimit-limit", "5000")
                    .with("x-ratelimit-remaining", self.left.to_string())
                    .with("x-ratelimit-reset", NOON.to_string());
                let header = "github-authentication-token-expiration";
                match &self.expires {
                    Some(expires) => answer.with(header, expires),
                    None => answer,
                }
            }
            ("GET", ["user", "orgs"]) => {
                let all = self.organisations.iter().copied().map(organisation);
                Response::json(200, &all.collect())
            }
            ("GET", ["users", name @ ("jane" | "bob")]) => Response::json(200, &user(name)),
            ("GET", ["users", name @ ("acme" | "closed" | "quiet")]) if is_github => {
                Response::json(
                    200,
                    &json!({ "id": 9, "login": name, "type": "Organization" }),
                )
            }
            ("GET", ["user", "memberships", "orgs", "acme" | "closed"]) if is_github => {
                Response::json(200, &json!({ "role": "member", "state": "active" }))
            }
            ("GET", ["orgs", name @ ("acme" | "closed" | "quiet")]) => {
                Response::json(200, &organisation(name))
            }
            (
                "GET",
                [
                    "users",
                    "jane",
                    "orgs",
                    name @ ("acme" | "closed"),
                    "permissions",
                ],
            ) if !is_github => Response::json(
                200,
                &json!({ "can_create_repository": *name == "acme", "is_owner": false }),
            ),
            ("POST", ["user", "repos"]) => self.create("jane", body),
            ("POST", ["orgs", "acme", "repos"]) => self.create("acme", body),
            ("POST", ["orgs", "closed", "repos"]) => Response::message(
                403,
                "You need admin access to the organization before adding a repository to it.",
            ),
            ("GET", ["repositories", id]) => self.visible(id.parse().unwrap(), |_| None),
            ("PATCH", ["repositories", id]) if is_github => {
                self.describe(id.parse().unwrap(), body)
            }
            ("DELETE", ["repositories", id]) if is_github => self.delete(id.parse().unwrap()),
            (_, ["repos", owner, name, rest @ ..]) => {
                self.by_name(method, &format!("{owner}/{name}"), rest, body)
            }
            _ => Response::message(404, "Not Found"),
        }
    }

    fn by_name(&mut self, method: &str, full_name: &str, rest: &[&str], body: &Value) -> Response {
        let is_github = self.dialect == Dialect::GitHub;
        let Some(id) = self.find(full_name) else {
            return match self.redirects.get(&full_name.to_lowercase()) {
                Some(id) => Response::message(301, "Moved Permanently")
                    .with("location", format!("/api/v3/repositories/{id}")),
                None => Response::message(404, "Not Found"),
            };
        };
        match (method, rest) {
            ("GET", []) => self.visible(id, |_| None),
            ("PATCH", []) if !is_github => self.describe(id, body),
            ("DELETE", []) if !is_github => self.delete(id),
            ("GET", ["branches"]) => self.visible(id, |repo| {
                let key = if is_github { "sha" } else { "id" };
                let written = repo.branches.iter();
                let written = written
                    .map(|(name, (commit, _))| json!({ "name": name, "commit": { key: commit } }));
                Some(written.collect())
            }),
            ("GET", ["tags"]) => self.visible(id, |repo| {
                Some(
                    repo.tags
                        .iter()
                        .map(|name| json!({ "name": name }))
                        .collect(),
                )
            }),
            ("GET", ["git", "commits", wanted]) => self.visible(id, |repo| {
                let (_, tree) = repo
                    .branches
                    .values()
                    .find(|(commit, _)| commit == wanted)?;
                let tree = json!({ "tree": { "sha": tree } });
                Some(if is_github {
                    tree
                } else {
                    json!({ "sha": wanted, "commit": tree })
                })
            }),
            _ => Response::message(404, "Not Found"),
        }
    }

    fn find(&self, full_name: &str) -> Option<u64> {
        let is_it =
            |repo: &Repo| format!("{}/{}", repo.owner, repo.name).eq_ignore_ascii_case(full_name);
        self.repos
            .iter()
            .find(|(_, repo)| is_it(repo))
            .map(|(id, _)| *id)
    }

    /// Something of a repository, or the repository itself, once it shows.
    fn visible(&mut self, id: u64, part: impl FnOnce(&Repo) -> Option<Value>) -> Response {
        match self.repos.get_mut(&id) {
            Some(repo) if repo.hidden > 0 => {
                repo.hidden -= 1;
                Response::message(404, "Not Found")
            }
            Some(repo) => Response::json(200, &part(repo).unwrap_or_else(|| written(id, repo))),
            None => Response::message(404, "Not Found"),
        }
    }

    fn create(&mut self, owner: &str, body: &Value) -> Response {
        let (Some(name), Some(description)) = (body["name"].as_str(), body["description"].as_str())
        else {
            return Response::message(422, "Invalid request.\n\n\"name\" wasn't supplied.");
        };
        assert_eq!(body["private"], true, "every repository is made private");
        assert_eq!(body["auto_init"], false, "every repository is made empty");
        if self.find(&format!("{owner}/{name}")).is_some() {
            return match self.dialect {
                Dialect::GitHub => Response::json(
                    422,
                    &json!({
                        "message": "Repository creation failed.",
                        "errors": [{ "code": "custom", "message": "name already exists on this account" }],
                    }),
                ),
                Dialect::Forgejo => {
                    Response::message(409, "The repository with the same name already exists.")
                }
            };
        }
        let id = self.add(owner, self.renames_to.unwrap_or(name), description);
        self.creates.push(id);
        self.redirects
            .remove(&format!("{owner}/{name}").to_lowercase());
        let hidden = self.hide_new;
        let repo = self.repos.get_mut(&id).unwrap();
        repo.hidden = hidden;
        if let Some(disk) = &self.disk {
            disk.make(repo);
        }
        Response::json(201, &written(id, repo))
    }

    fn describe(&mut self, id: u64, body: &Value) -> Response {
        match self.repos.get_mut(&id) {
            Some(repo) => {
                repo.description = String::from(body["description"].as_str().unwrap());
                Response::json(200, &written(id, repo))
            }
            None => Response::message(404, "Not Found"),
        }
    }

    fn delete(&mut self, id: u64) -> Response {
        if self.dialect == Dialect::GitHub && !self.scopes.contains("delete_repo") {
            return Response::message(403, "Must have admin rights to Repository.");
        }
        match self.repos.remove(&id) {
            Some(repo) => {
                if let Some(disk) = &self.disk {
                    disk.remove(&repo);
                }
                self.deletes.push(id);
                let mut answer = Response::json(204, &Value::Null);
                answer.body.clear();
                answer
            }
            None => Response::message(404, "Not Found"),
        }
    }
}

fn written(id: u64, repo: &Repo) -> Value {
    json!({
        "id": id,
        "name": repo.name,
        "full_name": format!("{}/{}", repo.owner, repo.name),
        "owner": { "login": repo.owner },
        "description": repo.description,
        "private": repo.private,
        "created_at": jiff::Timestamp::from_second(repo.created_at).unwrap().to_string(),
        "empty": repo.branches.is_empty(),
        "forks_count": 0,
        "stargazers_count": repo.stars,
        "clone_url": "https://evil.example/clone.git",
    })
}

fn user(login: &str) -> Value {
    let id = if login == "jane" { 7 } else { 8 };
    json!({ "id": id, "login": login, "username": login, "type": "User" })
}

fn organisation(login: &str) -> Value {
    let mut organisation = json!({ "id": 9, "login": login, "username": login });
    if login != "quiet" {
        organisation["members_can_create_private_repositories"] = json!(login == "acme");
    }
    organisation
}
