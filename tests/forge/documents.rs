//! The documents of the fake forges, as complete as the real ones. Addresses in them point to another host, which nothing
//! may follow.

use super::fake::{Dialect, Pull, Repo};
use serde_json::{Map, Value, json};

const ELSEWHERE: &str = "https://evil.example";

/// Addresses as GitHub writes them beside a document, one for each name.
fn addresses(path: &str, names: &[&str]) -> Map<String, Value> {
    names
        .iter()
        .map(|name| {
            (
                (*name).to_owned(),
                json!(format!("{ELSEWHERE}/{path}/{name}")),
            )
        })
        .collect()
}

fn with(mut document: Value, more: Map<String, Value>) -> Value {
    document.as_object_mut().unwrap().extend(more);
    document
}

fn id(login: &str) -> u64 {
    match login {
        "jane" => 7,
        "bob" => 8,
        _ => 9,
    }
}

/// A user in a list or beside a repository.
fn account(login: &str, kind: &str) -> Value {
    let document = json!({
        "login": login,
        "id": id(login),
        "node_id": "MDQ6VXNlcjE=",
        "gravatar_id": "",
        "type": kind,
        "user_view_type": "public",
        "site_admin": false,
    });
    let names = [
        "avatar_url",
        "url",
        "html_url",
        "followers_url",
        "following_url",
        "gists_url",
        "starred_url",
        "subscriptions_url",
        "organizations_url",
        "repos_url",
        "events_url",
        "received_events_url",
    ];
    with(document, addresses(login, &names))
}

/// `GET /user` and `GET /users/{login}`.
pub(super) fn profile(dialect: Dialect, login: &str, kind: &str) -> Value {
    if dialect == Dialect::Forgejo {
        return json!({ "id": id(login), "login": login, "username": login });
    }
    let profile = json!({
        "name": null,
        "company": null,
        "blog": "",
        "location": null,
        "email": null,
        "hireable": null,
        "bio": null,
        "twitter_username": null,
        "public_repos": 2,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    });
    let Value::Object(profile) = profile else {
        unreachable!("it is an object");
    };
    with(account(login, kind), profile)
}

/// `GET /orgs/{login}` and an entry of `GET /user/orgs`. The organisation `quiet` does not show its rules.
pub(super) fn organisation(dialect: Dialect, login: &str) -> Value {
    if dialect == Dialect::Forgejo {
        return json!({ "id": 9, "username": login });
    }
    let mut document = json!({
        "login": login,
        "id": 9,
        "node_id": "MDEyOk9yZ2FuaXphdGlvbjE=",
        "description": null,
    });
    if login != "quiet" {
        document["members_can_create_private_repositories"] = json!(login == "acme");
    }
    let names = [
        "url",
        "repos_url",
        "events_url",
        "hooks_url",
        "issues_url",
        "members_url",
        "public_members_url",
        "avatar_url",
    ];
    with(document, addresses(login, &names))
}

/// `GET /user/memberships/orgs/{login}` of GitHub.
pub(super) fn membership(login: &str) -> Value {
    let document = json!({
        "state": "active",
        "role": "member",
        "organization": organisation(Dialect::GitHub, login),
        "user": account("jane", "User"),
        "permissions": { "can_create_repository": true },
    });
    with(document, addresses(login, &["url", "organization_url"]))
}

/// `GET /rate_limit` of GitHub.
pub(super) fn rate_limit(remaining: u64, reset: i64) -> Value {
    let core =
        json!({ "limit": 5000, "used": 5000 - remaining, "remaining": remaining, "reset": reset });
    let search = json!({ "limit": 30, "used": 0, "remaining": 30, "reset": reset });
    json!({ "resources": { "core": core.clone(), "search": search }, "rate": core })
}

/// A repository.
pub(super) fn repository(dialect: Dialect, id: u64, repo: &Repo) -> Value {
    let document = json!({
        "id": id,
        "name": repo.name,
        "full_name": format!("{}/{}", repo.owner, repo.name),
        "description": repo.description,
        "private": repo.private,
        "fork": false,
        "created_at": jiff::Timestamp::from_second(repo.created_at).unwrap().to_string(),
        "default_branch": "main",
        "forks_count": 0,
        "open_issues_count": 0,
        "size": 0,
        "clone_url": format!("{ELSEWHERE}/clone.git"),
        "html_url": format!("{ELSEWHERE}/page"),
    });
    let more = match dialect {
        Dialect::GitHub => {
            let more = json!({
                "node_id": "MDEwOlJlcG9zaXRvcnkx",
                "owner": account(&repo.owner, "Organization"),
                "stargazers_count": repo.stars,
                "watchers_count": repo.stars,
                "language": null,
                "homepage": null,
                "visibility": if repo.private { "private" } else { "public" },
                "updated_at": "2026-01-01T00:00:00Z",
                "pushed_at": null,
                "permissions": { "admin": true, "push": true, "pull": true },
            });
            with(
                more,
                addresses(&repo.name, &["url", "git_url", "branches_url", "tags_url"]),
            )
        }
        Dialect::Forgejo => json!({
            "owner": { "id": self::id(&repo.owner), "login": repo.owner, "username": repo.owner },
            "empty": repo.branches.is_empty(),
            "stars_count": repo.stars,
            "open_pr_counter": 0,
            "object_format_name": "sha1",
        }),
    };
    let Value::Object(more) = more else {
        unreachable!("it is an object");
    };
    with(document, more)
}

/// One entry of `GET /repos/{owner}/{name}/pulls`.
pub(super) fn pull(dialect: Dialect, pull: &Pull, repo: &Repo) -> Value {
    let side = |name: &str| {
        let commit = repo.branches.get(name).map(|(commit, _)| commit.clone());
        json!({
            "label": name,
            "ref": name,
            "sha": commit,
            "repo": repository(dialect, pull.repo, repo),
        })
    };
    json!({
        "id": pull.number + 1000,
        "number": pull.number,
        "url": format!("{ELSEWHERE}/api/pull"),
        "html_url": format!("{ELSEWHERE}/pulls/{}", pull.number),
        "state": "open",
        "title": pull.title,
        "body": pull.body,
        "draft": pull.draft,
        "head": side(&pull.head),
        "base": side(&pull.base),
    })
}

/// `POST /repos/{owner}/{name}/issues/{number}/comments`.
pub(super) fn comment(dialect: Dialect) -> Value {
    json!({
        "id": 3,
        "node_id": "MDEyOklzc3VlQ29tbWVudDE=",
        "url": format!("{ELSEWHERE}/comment"),
        "html_url": format!("{ELSEWHERE}/comment"),
        "user": profile(dialect, "jane", "User"),
        "created_at": "2026-01-01T00:00:00Z",
    })
}

/// `GET /repos/{owner}/{name}/branches`.
pub(super) fn branches(dialect: Dialect, repo: &Repo) -> Value {
    repo.branches
        .iter()
        .map(|(name, (commit, _))| {
            let url = format!("{ELSEWHERE}/commit");
            match dialect {
                Dialect::GitHub => json!({
                    "name": name,
                    "commit": { "sha": commit, "url": url },
                    "protected": false,
                }),
                Dialect::Forgejo => json!({
                    "name": name,
                    "commit": { "id": commit, "url": url, "message": "first" },
                    "protected": false,
                }),
            }
        })
        .collect()
}

/// `GET /repos/{owner}/{name}/tags`.
pub(super) fn tags(dialect: Dialect, repo: &Repo) -> Value {
    let commit = "5".repeat(40);
    repo.tags
        .iter()
        .map(|name| match dialect {
            Dialect::GitHub => with(
                json!({
                    "name": name,
                    "commit": { "sha": commit, "url": format!("{ELSEWHERE}/commit") },
                    "node_id": "MDM6UmVmMQ==",
                }),
                addresses(name, &["zipball_url", "tarball_url"]),
            ),
            Dialect::Forgejo => json!({ "name": name, "id": commit, "commit": { "sha": commit } }),
        })
        .collect()
}

/// `GET /repos/{owner}/{name}/git/commits/{commit}`.
pub(super) fn commit(dialect: Dialect, commit: &str, tree: &str) -> Value {
    let url = format!("{ELSEWHERE}/commit");
    let author = json!({ "name": "a", "email": "a@b.c", "date": "2026-01-01T00:00:00Z" });
    let tree = json!({ "sha": tree, "url": url });
    match dialect {
        Dialect::GitHub => json!({
            "sha": commit,
            "node_id": "MDY6Q29tbWl0MQ==",
            "url": url,
            "html_url": url,
            "author": author,
            "committer": author,
            "message": "first",
            "tree": tree,
            "parents": [],
            "verification": { "verified": false, "reason": "unsigned", "payload": null, "signature": null },
        }),
        Dialect::Forgejo => json!({
            "sha": commit,
            "url": url,
            "commit": { "url": url, "author": author, "committer": author, "message": "first", "tree": tree },
            "parents": [],
        }),
    }
}
