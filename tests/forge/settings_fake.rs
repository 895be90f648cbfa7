//! The settings of repositories on the fake forges, with documents as complete as the real ones.
//!
//! Sources: <https://docs.github.com/en/rest/branches/branch-protection>, <https://docs.github.com/en/rest/issues/labels>,
//! <https://docs.github.com/en/rest/collaborators>, <https://codeberg.org/api/swagger>.

use super::documents;
use super::fake::{Dialect, State};
use super::wire::Response;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const ELSEWHERE: &str = "https://evil.example";
/// The accounts of the fake, beside the organisations.
const USERS: [&str; 3] = ["jane", "bob", "planner-bot"];

/// The settings of the fake's repositories. A repository of a test is the only one with settings.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Labels as they were written, with their numbers.
    pub labels: Vec<Value>,
    /// Account → permission.
    pub collaborators: BTreeMap<String, String>,
    /// Name of a team in lower case → permission.
    pub teams: BTreeMap<String, String>,
    /// Account → permission of invitations.
    pub invitations: BTreeMap<String, String>,
    /// The body of the last request for the protection of `main`.
    pub protection: Option<Value>,
    pub issues: Vec<Value>,
    /// Branch and path → content in base64.
    pub files: BTreeMap<(String, String), String>,
    /// The branch that the current request names.
    pub(super) asked_branch: Option<String>,
    /// True if GitHub's invitations wait for their account.
    pub invites: bool,
    /// True if private repositories have no protection, as on GitHub's free plan.
    pub is_free_plan: bool,
    /// The name of a field of the protection that the server ignores.
    pub ignores: Option<&'static str>,
    /// The account of the token.
    pub account: &'static str,
    next: u64,
}

impl Settings {
    /// A new repository: GitHub gives it some labels.
    pub(super) fn new(dialect: Dialect) -> Self {
        let mut settings = Self {
            labels: Vec::new(),
            collaborators: BTreeMap::new(),
            teams: BTreeMap::new(),
            invitations: BTreeMap::new(),
            protection: None,
            issues: Vec::new(),
            files: BTreeMap::new(),
            asked_branch: None,
            invites: false,
            is_free_plan: false,
            ignores: None,
            account: "jane",
            next: 100,
        };
        if dialect == Dialect::GitHub {
            let bug = json!({
                "name": "bug",
                "color": "d73a4a",
                "description": "Something isn't working",
            });
            settings.add_label(&bug);
        }
        settings
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add_label(&mut self, body: &Value) -> Value {
        let id = self.number();
        let mut label = json!({
            "id": id,
            "node_id": "MDU6TGFiZWwyMDgwNDU5NDY=",
            "url": format!("{ELSEWHERE}/labels/{id}"),
            "default": false,
            "exclusive": false,
            "is_archived": false,
        });
        merge(&mut label, body);
        self.labels.push(label.clone());
        label
    }
}

pub(super) fn merge(document: &mut Value, body: &Value) {
    let fields: Map<String, Value> = body.as_object().unwrap().clone();
    document.as_object_mut().unwrap().extend(fields);
}

fn empty(status: u16) -> Response {
    let mut answer = Response::json(status, &Value::Null);
    answer.body.clear();
    answer
}

impl State {
    /// Answers a request about the settings of a repository; none if it is about something else.
    pub(super) fn answer_settings(
        &mut self,
        owner: &str,
        method: &str,
        rest: &[&str],
        body: &Value,
        page: usize,
    ) -> Option<Response> {
        let is_github = self.dialect == Dialect::GitHub;
        Some(match (method, rest) {
            ("GET", ["labels"]) => self.list(&self.settings.labels.clone(), page),
            ("POST", ["labels"]) => self.create_label(body),
            ("PATCH", ["labels", named]) => self.update_label(named, body),
            ("GET", ["collaborators", account, "permission"]) => self.permission(owner, account),
            ("PUT", ["collaborators", account]) => self.grant(account, body),
            ("GET", ["teams"]) => self.list(&self.teams(), page),
            ("PUT", ["teams", team]) if !is_github => self.grant_team(team, "write"),
            ("GET", ["invitations"]) if is_github => self.invitations(),
            ("GET", ["issues"]) => self.list(&self.settings.issues.clone(), page),
            ("POST", ["issues"]) => self.open_issue(body),
            (_, ["branches", "main", "protection"]) if is_github => {
                self.github_protection(method, body)
            }
            (_, ["branch_protections", ..]) if !is_github => {
                self.forgejo_protection(owner, method, &rest[1..], body)
            }
            (_, ["contents", path @ ..]) => self.contents(method, &path.join("/"), body),
            ("GET", ["git", "ref", "heads", "main"]) if is_github => {
                let object = json!({ "type": "commit", "sha": "1".repeat(40), "url": ELSEWHERE });
                let document = json!({
                    "ref": "refs/heads/main",
                    "node_id": "MDM6UmVm",
                    "url": ELSEWHERE,
                    "object": object,
                });
                Response::json(200, &document)
            }
            ("DELETE", ["git", "refs", "heads", name]) if is_github => self.remove_branch(name),
            ("DELETE", ["branches", name]) if !is_github => self.remove_branch(name),
            ("POST", ["git", "refs"]) if is_github => {
                let name = body["ref"].as_str().unwrap();
                self.branch_off(name.strip_prefix("refs/heads/").unwrap())
            }
            _ => return None,
        })
    }

    /// Adds a branch to the only repository.
    fn branch_off(&mut self, name: &str) -> Response {
        let repo = self.repos.values_mut().next().unwrap();
        let main = repo.branches["main"].clone();
        if repo.branches.insert(name.to_owned(), main).is_some() {
            return Response::message(422, "Reference already exists");
        }
        Response::json(
            201,
            &json!({ "ref": format!("refs/heads/{name}"), "url": ELSEWHERE }),
        )
    }

    /// Removes a branch of the only repository.
    fn remove_branch(&mut self, name: &str) -> Response {
        let repo = self.repos.values_mut().next().unwrap();
        repo.branches.remove(name);
        if let Some(disk) = &self.disk {
            disk.remove_branch(repo, name);
        }
        empty(204)
    }

    fn contents(&mut self, method: &str, path: &str, body: &Value) -> Response {
        let writes = match self.dialect {
            Dialect::GitHub => "PUT",
            Dialect::Forgejo => "POST",
        };
        let document = |content: &str| {
            json!({
                "type": "file",
                "name": path,
                "path": path,
                "encoding": "base64",
                "content": format!("{content}\n"),
                "sha": "3".repeat(40),
                "url": ELSEWHERE,
            })
        };
        if method == "GET" {
            let branch = self.settings.asked_branch.clone().unwrap();
            return match self.settings.files.get(&(branch, path.to_owned())) {
                Some(content) => Response::json(200, &document(content)),
                None => Response::message(404, "Not Found"),
            };
        }
        assert_eq!(method, writes);
        let text = |field: &str| body[field].as_str().map(str::to_owned);
        if let Some(branch) = text("new_branch") {
            self.branch_off(&branch);
        }
        let branch = text("new_branch").or(text("branch")).unwrap();
        let content = text("content").unwrap();
        let written = json!({ "content": document(&content), "commit": { "sha": "4".repeat(40) } });
        self.settings
            .files
            .insert((branch, path.to_owned()), content);
        Response::json(201, &written)
    }

    fn create_label(&mut self, body: &Value) -> Response {
        let name = body["name"].as_str().unwrap().to_lowercase();
        let color = body["color"].as_str().unwrap();
        assert_eq!(color.trim_start_matches('#').len(), 6, "{body}");
        let is_same = |label: &Value| label["name"].as_str().unwrap().to_lowercase() == name;
        // Forgejo allows two labels of one name.
        if self.dialect == Dialect::GitHub && self.settings.labels.iter().any(is_same) {
            let errors =
                json!([{ "resource": "Label", "code": "already_exists", "field": "name" }]);
            let message = json!({ "message": "Validation Failed", "errors": errors });
            return Response::json(422, &message);
        }
        Response::json(201, &self.settings.add_label(body))
    }

    fn update_label(&mut self, named: &str, body: &Value) -> Response {
        let dialect = self.dialect;
        let mut labels = self.settings.labels.iter_mut();
        let label = labels.find(|label| match dialect {
            Dialect::GitHub => label["name"] == named,
            Dialect::Forgejo => label["id"].as_u64() == named.parse().ok(),
        });
        match label {
            Some(label) => {
                merge(label, body);
                Response::json(200, label)
            }
            None => Response::message(404, "Not Found"),
        }
    }

    fn permission(&self, owner: &str, account: &str) -> Response {
        let is_known =
            USERS.contains(&account) || self.settings.collaborators.contains_key(account);
        if !is_known {
            return Response::message(404, &format!("{account} is not a user"));
        }
        // The owner of the token administers all repositories.
        let is_owner = account == owner || account == "jane";
        let given = self.settings.collaborators.get(account);
        let permission = match (is_owner, given) {
            (true, _) => "admin",
            (false, Some(permission)) => permission,
            (false, None) => "none",
        };
        let user = documents::profile(self.dialect, account, "User");
        let document = json!({ "permission": permission, "role_name": permission, "user": user });
        Response::json(200, &document)
    }

    fn grant(&mut self, account: &str, body: &Value) -> Response {
        let asked = body["permission"].as_str().unwrap();
        if !USERS.contains(&account) {
            return match self.dialect {
                Dialect::GitHub => Response::message(404, "Not Found"),
                Dialect::Forgejo => {
                    Response::message(404, "user redirect does not exist [name: nobody]")
                }
            };
        }
        let permission = match (self.dialect, asked) {
            (Dialect::GitHub, "push") => "write",
            (_, permission) => permission,
        };
        if self.settings.invites {
            let id = self.settings.number();
            let invitations = &mut self.settings.invitations;
            invitations.insert(account.to_owned(), permission.to_owned());
            return Response::json(201, &invitation(id, account, permission));
        }
        let collaborators = &mut self.settings.collaborators;
        collaborators.insert(account.to_owned(), permission.to_owned());
        empty(204)
    }

    /// The teams with access. GitHub has slugs, Forgejo the names alone.
    fn teams(&self) -> Vec<Value> {
        let all = self.settings.teams.iter().zip(1..);
        let team = |((name, permission), id): ((&String, &String), u64)| match self.dialect {
            Dialect::GitHub => json!({
                "id": id,
                "node_id": "MDQ6VGVhbTE=",
                "name": format!("The {name}"),
                "slug": name,
                "permission": permission,
                "privacy": "closed",
                "url": format!("{ELSEWHERE}/teams/{id}"),
                "parent": null,
            }),
            Dialect::Forgejo => json!({
                "id": id,
                "name": name,
                "permission": permission,
                "organization": null,
                "units": ["repo.code"],
            }),
        };
        all.map(team).collect()
    }

    /// Gives a team access. A team of Forgejo has its own role.
    pub(super) fn grant_team(&mut self, name: &str, permission: &str) -> Response {
        let teams = &mut self.settings.teams;
        teams.insert(name.to_lowercase(), permission.to_owned());
        empty(204)
    }

    fn invitations(&self) -> Response {
        let all = self.settings.invitations.iter().zip(1..);
        let all = all.map(|((account, permission), id)| invitation(id, account, permission));
        Response::json(200, &all.collect())
    }

    fn open_issue(&mut self, body: &Value) -> Response {
        let is_named = |label: &Value| {
            let field = match self.dialect {
                Dialect::GitHub => "name",
                Dialect::Forgejo => "id",
            };
            self.settings.labels.iter().any(|one| one[field] == *label)
        };
        let labels = body["labels"].as_array().unwrap();
        assert!(labels.iter().all(is_named), "{body}");
        let number = self.settings.number();
        let mut issue = json!({
            "id": number + 1000,
            "number": number,
            "state": "open",
            "url": format!("{ELSEWHERE}/issues/{number}"),
            "html_url": format!("{ELSEWHERE}/issues/{number}"),
            "user": documents::profile(self.dialect, "jane", "User"),
            "comments": 0,
            "created_at": "2026-11-21T12:00:00Z",
            "updated_at": "2026-11-21T12:00:00Z",
        });
        merge(&mut issue, body);
        self.settings.issues.push(issue.clone());
        Response::json(201, &issue)
    }

    fn github_protection(&mut self, method: &str, body: &Value) -> Response {
        if self.settings.is_free_plan {
            let message =
                "Upgrade to GitHub Pro or make this repository public to enable this feature.";
            return Response::message(403, message);
        }
        if method == "PUT" {
            // These four have to be there, `null` where they are not used.
            for field in [
                "required_status_checks",
                "enforce_admins",
                "required_pull_request_reviews",
                "restrictions",
            ] {
                assert!(body.get(field).is_some(), "{field} is missing: {body}");
            }
            self.settings.protection = Some(self.kept(body));
        }
        let Some(kept) = &self.settings.protection else {
            return Response::message(404, "Branch not protected");
        };
        let url = format!("{ELSEWHERE}/branches/main/protection");
        let switch = |field: &str| json!({ "enabled": kept[field] == true });
        let mut reviews = json!({
            "url": format!("{url}/required_pull_request_reviews"),
            "require_last_push_approval": false,
        });
        merge(&mut reviews, &kept["required_pull_request_reviews"]);
        for list in ["dismissal_restrictions", "bypass_pull_request_allowances"] {
            if let Some(actors) = reviews.get(list).map(shown_actors) {
                reviews[list] = actors;
            }
        }
        let mut document = json!({
            "url": url,
            "required_pull_request_reviews": reviews,
            "required_signatures": { "url": format!("{url}/required_signatures"), "enabled": false },
            "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": kept["enforce_admins"] == true },
            "required_linear_history": switch("required_linear_history"),
            "allow_force_pushes": switch("allow_force_pushes"),
            "allow_deletions": switch("allow_deletions"),
            "block_creations": switch("block_creations"),
            "required_conversation_resolution": switch("required_conversation_resolution"),
            "lock_branch": switch("lock_branch"),
            "allow_fork_syncing": switch("allow_fork_syncing"),
        });
        if kept["restrictions"].is_object() {
            document["restrictions"] = shown_actors(&kept["restrictions"]);
        }
        if kept["required_status_checks"].is_object() {
            document["required_status_checks"] = shown_checks(&kept["required_status_checks"]);
        }
        Response::json(200, &document)
    }

    fn forgejo_protection(
        &mut self,
        owner: &str,
        method: &str,
        rest: &[&str],
        body: &Value,
    ) -> Response {
        match (method, rest, self.settings.protection.is_some()) {
            ("POST", [], false) => {
                assert_eq!(body["rule_name"], "main");
                let kept = self.kept_by_forgejo(owner, body);
                self.settings.protection = Some(kept);
                self.shown_by_forgejo(201)
            }
            ("POST", [], true) => Response::message(403, "Branch protection already exist"),
            ("PATCH", ["main"], true) => {
                let mut kept = self.kept_by_forgejo(owner, body);
                kept["rule_name"] = json!("main");
                self.settings.protection = Some(kept);
                self.shown_by_forgejo(200)
            }
            ("GET", ["main"], true) => self.shown_by_forgejo(200),
            _ => Response::message(404, "The target couldn't be found."),
        }
    }

    /// The body without the field that the server ignores.
    fn kept(&self, body: &Value) -> Value {
        let mut kept = body.clone();
        if let Some(ignored) = self.settings.ignores {
            let objects = [kept.clone(), kept["required_pull_request_reviews"].clone()];
            assert!(objects.iter().any(|object| object.get(ignored).is_some()));
            kept.as_object_mut().unwrap().remove(ignored);
            if let Some(reviews) = kept["required_pull_request_reviews"].as_object_mut() {
                reviews.remove(ignored);
            }
        }
        kept
    }

    /// Forgejo refuses unknown accounts and drops those without access.
    fn kept_by_forgejo(&self, owner: &str, body: &Value) -> Value {
        let mut kept = self.kept(body);
        for list in ["approvals_whitelist_username", "merge_whitelist_usernames"] {
            let has_access = |account: &Value| {
                let account = account.as_str().unwrap();
                account == owner
                    || account == "jane"
                    || self.settings.collaborators.contains_key(account)
            };
            if let Some(accounts) = kept[list].as_array_mut() {
                accounts.retain(has_access);
            }
        }
        kept
    }

    fn shown_by_forgejo(&self, status: u16) -> Response {
        let mut document = json!({
            "branch_name": "main",
            "rule_name": "main",
            "enable_push": false,
            "enable_push_whitelist": false,
            "push_whitelist_usernames": [],
            "push_whitelist_teams": [],
            "push_whitelist_deploy_keys": false,
            "enable_merge_whitelist": false,
            "merge_whitelist_usernames": [],
            "merge_whitelist_teams": [],
            "enable_status_check": false,
            "status_check_contexts": [],
            "required_approvals": 0,
            "enable_approvals_whitelist": false,
            "approvals_whitelist_username": [],
            "approvals_whitelist_teams": [],
            "block_on_rejected_reviews": false,
            "block_on_official_review_requests": false,
            "block_on_outdated_branch": false,
            "dismiss_stale_approvals": false,
            "ignore_stale_approvals": false,
            "require_signed_commits": false,
            "protected_file_patterns": "",
            "unprotected_file_patterns": "",
            "apply_to_admins": false,
            "created_at": "2026-11-21T12:00:00Z",
            "updated_at": "2026-11-21T12:00:00Z",
        });
        let mut kept = self.settings.protection.clone().unwrap();
        // Gitea has this field; Forgejo does not know it.
        kept.as_object_mut()
            .unwrap()
            .remove("block_admin_merge_override");
        merge(&mut document, &kept);
        Response::json(status, &document)
    }
}

/// The accounts of a request, as GitHub shows them.
fn shown_actors(asked: &Value) -> Value {
    let objects = |list: &str, field: &str| {
        let names = asked[list].as_array().into_iter().flatten();
        let objects = names.map(|name| json!({ "id": 1, "url": ELSEWHERE, field: name }));
        objects.collect::<Value>()
    };
    json!({
        "url": ELSEWHERE,
        "users": objects("users", "login"),
        "teams": objects("teams", "slug"),
        "apps": objects("apps", "slug"),
    })
}

/// The checks of a request, as GitHub shows them: their names in a list beside them.
fn shown_checks(asked: &Value) -> Value {
    assert!(asked.get("contexts").is_none(), "one of the two lists");
    let checks = asked["checks"].as_array().unwrap();
    let contexts: Value = checks
        .iter()
        .map(|check| check["context"].clone())
        .collect();
    let shown = checks.iter().map(|check| {
        let id = &check["app_id"];
        let id = if *id == -1 { &Value::Null } else { id };
        json!({ "context": check["context"], "app_id": id })
    });
    json!({
        "url": ELSEWHERE,
        "strict": asked["strict"],
        "contexts": contexts,
        "contexts_url": ELSEWHERE,
        "enforcement_level": "non_admins",
        "checks": shown.collect::<Value>(),
    })
}

fn invitation(id: u64, account: &str, permission: &str) -> Value {
    json!({
        "id": id,
        "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
        "invitee": documents::profile(Dialect::GitHub, account, "User"),
        "inviter": documents::profile(Dialect::GitHub, "jane", "User"),
        "permissions": permission,
        "created_at": "2026-11-21T12:00:00Z",
        "expired": false,
        "url": format!("{ELSEWHERE}/user/repository_invitations/{id}"),
        "html_url": format!("{ELSEWHERE}/invitations"),
    })
}
