//! The pages for boards and settings, read as a browser without script reads them.

use super::pages::Browser;
use super::support::{TestServer, preview, program, submission};
use crate::support::Sandbox;
use serde_json::json;

impl Browser<'_> {
    /// The text of a page.
    #[track_caller]
    pub(super) fn page(&mut self, path: &str) -> String {
        let answer = self.get(path).is(200);
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        answer.text()
    }

    /// Sends a form and reads the page that its answer leads to.
    #[track_caller]
    pub(super) fn follow(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).is(303);
        self.page(answer.header("location").unwrap())
    }
}

/// Adds a product with a queued run of a user; the id of the run.
fn queued_run(server: &TestServer, token: &str, name: &str) -> String {
    let product = server.post("/api/v1/products", token, &json!({ "name": name }));
    let product = product.is(201).json()["id"].as_str().unwrap().to_owned();
    let report = server.post("/api/v1/previews", token, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    let run = server.post("/api/v1/runs", token, &submission(&product, &tree));
    run.is(201).json()["id"].as_str().unwrap().to_owned()
}

/// The text of an element without its tags, from the first occurrence of `start` to `end`.
#[track_caller]
pub(super) fn part<'t>(page: &'t str, start: &str, end: &str) -> &'t str {
    let (_, rest) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no `{start}` in {page}"));
    rest.split_once(end).unwrap().0
}

/// The count of a tab of the board.
fn tab<'t>(page: &'t str, label: &str) -> &'t str {
    part(page, &format!("{label} <span class=\"count\">"), "</span>")
}

#[test]
fn the_board_shows_counts_that_obey_its_filter() {
    let server = TestServer::start(&["--no-worker"]);
    let (ada, eve) = (server.token("ada", &[]), server.token("eve", &[]));
    let run = queued_run(&server, &ada, "Acme Web");
    server.execute(
        "INSERT INTO claude_jobs (id, user_id, product_id, kind, status, error, created_at, updated_at, finished_at) \
         VALUES ('chat', 'ada', 'acme-web', 'PLAN_CHAT', 'FAILED', '<b>lost</b>', 5, 5, \
         unixepoch() * 1000)",
        1,
    );
    let mut browser = Browser::signed_in(&server, &ada);
    let all = browser.page("/jobs");
    assert_eq!(
        (tab(&all, "All"), tab(&all, "Failed"), tab(&all, "Queued")),
        ("2", "1", "1")
    );
    assert!(all.contains("Bootstrap repo") && all.contains(&format!("/runs/{run}")));
    assert!(all.contains("&#60;b&#62;lost&#60;/b&#62;"), "{all}");
    assert!(
        all.contains("0 succeeded, 1 failed; at most 1 on a day."),
        "{all}"
    );

    let failed = browser.page("/jobs?status=failed&period=");
    assert!(!failed.contains(&format!("/runs/{run}")));
    assert_eq!((tab(&failed, "All"), tab(&failed, "Queued")), ("2", "1"));
    let chats = browser.page("/jobs?kind=PLAN_CHAT");
    assert_eq!((tab(&chats, "All"), tab(&chats, "Queued")), ("1", "0"));
    let recent = browser.page("/jobs?period=hour");
    assert_eq!((tab(&recent, "All"), tab(&recent, "Failed")), ("1", "0"));
    assert!(
        browser
            .page("/jobs?text=nothing-like-it")
            .contains("No job matches the filter.")
    );
    browser.get("/jobs?period=never").is(400);

    let others = Browser::signed_in(&server, &eve).page("/jobs?user=ada");
    assert!(
        others.contains("No job matches the filter.") && !others.contains("Acme"),
        "{others}"
    );
    let mut admin = Browser::signed_in(&server, &server.token("root", &["--admin"]));
    assert_eq!(tab(&admin.page("/jobs"), "All"), "2");
    assert_eq!(tab(&admin.page("/jobs?user=eve"), "All"), "0");
}

#[test]
fn a_batch_counts_again_before_it_changes_anything() {
    let server = TestServer::start(&["--no-worker"]);
    let ada = server.token("ada", &[]);
    let runs = ["One", "Two"].map(|name| queued_run(&server, &ada, name));
    let mut browser = Browser::signed_in(&server, &ada);
    let board = browser.page("/jobs?product=one");
    assert!(
        board.contains("/jobs/batch?product=one&#38;action=cancel"),
        "{board}"
    );
    let question = browser.page("/jobs/batch?action=cancel");
    assert!(question.contains("2 runs match."), "{question}");
    assert!(
        question.contains(r#"name="expected" value="2""#),
        "{question}"
    );

    queued_run(&server, &ada, "Three");
    let fields = [("action", "cancel"), ("expected", "2")];
    let refused = browser.post("/jobs/batch", &fields).is(409).text();
    assert!(
        refused.contains("2 matched when the question was shown, now it is 3."),
        "{refused}"
    );
    let status = |run: &str| {
        let run = server
            .get(&format!("/api/v1/runs/{run}"), &ada)
            .is(200)
            .json();
        run["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(&runs[0]), "pending");

    let one = [("action", "cancel"), ("expected", "1"), ("product", "one")];
    let told = browser.follow("/jobs/batch", &one);
    assert!(told.contains("Cancelled: 1 run."), "{told}");
    assert!(told.contains(r#"name="product" value="one""#), "{told}");
    assert_eq!(
        (status(&runs[0]).as_str(), status(&runs[1]).as_str()),
        ("cancelled", "pending")
    );
    let nothing = browser.page("/jobs/batch?action=retry");
    assert!(!nothing.contains(r#"action="/jobs/batch""#), "{nothing}");
    browser.get("/jobs/batch?action=delete").is(400);
}

#[test]
fn demo_users_see_no_forms_and_change_nothing() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::signed_in(&server, &server.token("demo", &["--demo"]));
    for path in ["/jobs", "/settings", "/workers"] {
        let page = browser.page(path);
        let (_, content) = page.split_once("<main").unwrap();
        assert!(!content.contains(r#"method="post""#), "{path}: {content}");
    }
    for path in [
        "/jobs/batch",
        "/settings/token",
        "/settings/token/remove",
        "/settings/sessions/end",
        "/settings/api-tokens",
    ] {
        browser.post(path, &[("action", "cancel")]).is(403);
    }
}

#[test]
fn a_new_api_token_is_shown_once_and_can_be_revoked() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::signed_in(&server, &server.token("ada", &["--label", "laptop"]));
    let answer = browser.post("/settings/api-tokens", &[("label", "build <server>")]);
    let answer = answer.is(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let page = answer.text();
    let token = part(&page, r#"<pre id="created" tabindex="0">"#, "</pre>").to_owned();
    server.get("/api/v1/me", &token).is(200);
    let settings = browser.page("/settings");
    assert!(settings.contains("build &#60;server&#62;") && !settings.contains(&token));
    let rows: Vec<&str> = settings
        .split("<tr>")
        .filter(|row| row.contains("build"))
        .collect();
    let address = part(rows[0], r#"href=""#, "\"").to_owned();
    let question = browser.page(&address);
    assert!(
        question.contains("The token “build &#60;server&#62;” of user ada."),
        "{question}"
    );
    let told = browser.follow(&address, &[]);
    assert!(told.contains("The API token was revoked."), "{told}");
    server.get("/api/v1/me", &token).is(401);

    let mut eve = Browser::signed_in(&server, &server.token("eve", &[]));
    let others = eve.page("/settings");
    assert!(!others.contains("laptop"), "{others}");
    let tokens = settings
        .split("<tr>")
        .find(|row| row.contains("laptop"))
        .unwrap();
    let address = part(tokens, r#"href=""#, "\"");
    eve.get(address).is(404);
    eve.post(address, &[]).is(404);
}

#[test]
fn sessions_are_listed_and_ended_from_another_browser() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let mut first = Browser::signed_in(&server, &token);
    let others = [(), ()].map(|()| Browser::signed_in(&server, &token));
    let page = first.page("/settings");
    assert_eq!(page.matches("this browser").count(), 1);
    assert_eq!(page.matches("another browser").count(), 2);
    let session = part(&page, r#"name="session" value=""#, "\"").to_owned();
    let mut eve = Browser::signed_in(&server, &server.token("eve", &[]));
    let answer = eve.follow("/settings/sessions/end", &[("session", &session)]);
    assert!(
        answer.contains("This session had ended already."),
        "{answer}"
    );
    let told = first.follow("/settings/sessions/end", &[("session", &session)]);
    assert!(told.contains("The session was ended."), "{told}");
    assert_eq!(told.matches("another browser").count(), 1);
    first.follow("/settings/sessions/end", &[]);
    for mut ended in others {
        ended.get("/settings").is(303);
    }
    first.page("/settings");
    eve.page("/settings");
}

#[test]
fn a_server_with_a_local_forge_asks_for_no_token() {
    let server = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::signed_in(&server, &server.token("ada", &[]));
    let page = browser.page("/settings");
    assert!(page.contains("no token is needed"), "{page}");
    assert!(!page.contains(r#"name="token""#), "{page}");
}

#[test]
fn workers_are_listed_with_what_they_do() {
    let without = TestServer::start(&["--no-worker"]);
    let mut browser = Browser::signed_in(&without, &without.token("ada", &[]));
    let page = browser.page("/workers");
    assert!(
        page.contains("Start one with <code>groundplan work</code>"),
        "{page}"
    );
    let run = queued_run(&without, &without.token("eve", &[]), "Secret");
    without.execute(
        "INSERT INTO claude_workers (id, instance_id, hostname, pid, started_at, last_seen_at) \
         SELECT id, id, host, 7, unixepoch() * 1000, unixepoch() * 1000 - silence FROM ( \
         SELECT 'busy' AS id, 'host-a' AS host, 0 AS silence UNION SELECT 'mute', 'host-b', 40000)",
        2,
    );
    without.execute(
        "INSERT INTO bootstrap_claims (job_id, run_id, worker_id, generation, lease_until) \
         SELECT claude_job_id, id, 'busy', 1, unixepoch() * 1000 + 60000 FROM bootstrap_runs",
        1,
    );
    let page = browser.page("/workers");
    let row = |id: &str| page.split("<tr>").find(|row| row.contains(id)).unwrap();
    assert!(row("busy").contains("Works") && row("busy").contains("a run of another user"));
    assert!(row("mute").contains("Silent") && row("mute").contains("host-b"));
    assert!(!page.contains(&run) && !page.contains("acme/"), "{page}");
    let mut admin = Browser::signed_in(&without, &without.token("root", &["--admin"]));
    assert!(admin.page("/workers").contains(&format!("/runs/{run}")));
    let listed = without
        .get("/api/v1/workers", &without.token("ada", &[]))
        .is(200)
        .json();
    let state = |of: &serde_json::Value| (of["id"].clone(), of["state"].clone());
    let items = listed["items"].as_array().unwrap();
    let states: Vec<_> = items.iter().map(state).collect();
    assert_eq!(
        states,
        [
            ("busy".into(), "working".into()),
            ("mute".into(), "silent".into())
        ]
    );
    assert_eq!(items[0]["runs"], serde_json::json!([]));
    assert_eq!(items[0]["otherRuns"], 1);
    the_command_lists_the_same(&without, &run);
}

fn the_command_lists_the_same(server: &TestServer, run: &str) {
    let list = |flags: &[&str]| {
        let mut command = program(&server.sandbox);
        let command = command
            .arg("workers")
            .args(flags)
            .env("DATABASE_URL", server.database());
        server.sandbox.run(command).exits(0).stdout
    };
    let text = list(&[]);
    let line = |id: &str| text.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(line("busy").contains("  working  "), "{text}");
    assert!(
        line("busy").contains(&format!("host-a 7  {run} acme/")),
        "{text}"
    );
    assert!(line("mute").contains("  silent   "), "{text}");
    let json: serde_json::Value = serde_json::from_str(&list(&["--format", "json"])).unwrap();
    assert_eq!(json[0]["runs"][0]["id"], run);
    assert_eq!(json[1]["state"], "silent");
}

/// A server whose policy gives the catalogue a tier.
fn with_tier(tier: &str, flags: &[&str]) -> TestServer {
    let sandbox = Sandbox::with_demo();
    sandbox.write("policy.toml", format!("[tiers]\ndemo = \"{tier}\"\n"));
    let flags = [&["--policy", "policy.toml"], flags].concat();
    TestServer::start_in(sandbox, &flags, &[], " ready ")
}

#[test]
fn an_administrator_approves_exactly_the_shown_tree() {
    let server = with_tier("high", &["--no-worker"]);
    let ada = server.token("ada", &[]);
    let run = queued_run(&server, &ada, "Acme Web");
    let mut member = Browser::signed_in(&server, &ada);
    let own = member.page("/approvals");
    assert!(
        own.contains("acme/acme-web") && own.contains("tier high"),
        "{own}"
    );
    assert!(
        own.contains("`demo`") && own.contains("An administrator decides."),
        "{own}"
    );
    assert!(!own.contains("/approve\""), "{own}");
    let mut eve = Browser::signed_in(&server, &server.token("eve", &[]));
    assert!(eve.page("/approvals").contains("No run waits."));
    eve.get(&format!("/runs/{run}/approve")).is(404);
    let tree = [("tree", "0000000000000000000000000000000000000000")];
    member.post(&format!("/runs/{run}/approve"), &tree).is(403);

    let mut admin = Browser::signed_in(&server, &server.token("root", &["--admin"]));
    let question = admin.page(&format!("/runs/{run}/approve"));
    assert!(
        question.contains("No earlier run of this product"),
        "{question}"
    );
    let shown = part(&question, r#"name="tree" value=""#, "\"").to_owned();
    let other = admin.post(&format!("/runs/{run}/approve"), &tree);
    assert!(matches!(other.status, 409 | 412 | 422), "{}", other.text());
    let fields = [("tree", shown.as_str()), ("note", "looks <fine>")];
    let told = admin.follow(&format!("/runs/{run}/approve"), &fields);
    assert!(
        told.contains("Approved.") && told.contains("No run waits."),
        "{told}"
    );
    let page = admin.page(&format!("/runs/{run}"));
    assert!(
        page.contains("approved by root: looks &#60;fine&#62;"),
        "{page}"
    );
    let again = admin
        .post(&format!("/runs/{run}/refuse"), &[])
        .is(409)
        .text();
    assert!(
        again.contains("There is nothing to decide") || again.contains("does not wait"),
        "{again}"
    );
}

#[test]
fn a_refused_run_is_cancelled_with_the_note() {
    let server = with_tier("high", &["--no-worker"]);
    let run = queued_run(&server, &server.token("ada", &[]), "Acme Web");
    let mut admin = Browser::signed_in(&server, &server.token("root", &["--admin"]));
    let told = admin.follow(&format!("/runs/{run}/refuse"), &[("note", "wrong owner")]);
    assert!(told.contains("Refused and cancelled."), "{told}");
    let page = admin.page(&format!("/runs/{run}"));
    assert!(page.contains("refused by root: wrong owner"), "{page}");
    assert!(page.contains(r#"data-status="cancelled""#), "{page}");
}

#[test]
fn a_medium_run_starts_at_once_and_is_reviewed_afterwards() {
    let server = with_tier("medium", &[]);
    let ada = server.token("ada", &[]);
    let run = queued_run(&server, &ada, "Acme Web");
    assert_eq!(server.finished(&run, &ada)["status"], "succeeded");
    let mut member = Browser::signed_in(&server, &ada);
    let own = member.page("/approvals");
    assert!(
        own.contains("acme/acme-web") && own.contains("tier medium"),
        "{own}"
    );
    member.post(&format!("/runs/{run}/review"), &[]).is(403);
    let mut admin = Browser::signed_in(&server, &server.token("root", &["--admin"]));
    let told = admin.follow(&format!("/runs/{run}/review"), &[("note", "checked")]);
    assert!(
        told.contains("The review is recorded.") && told.contains("No result waits"),
        "{told}"
    );
    let page = admin.page(&format!("/runs/{run}"));
    assert!(page.contains("reviewed by root: checked"), "{page}");
    assert!(page.contains(r#"data-status="succeeded""#), "{page}");

    let second = server
        .post("/api/v1/products", &ada, &json!({ "name": "Other" }))
        .is(201);
    assert_eq!(second.json()["id"], "other");
    let question = admin.page(&format!("/runs/{run}/review"));
    assert!(
        question.contains("No earlier run of this product"),
        "{question}"
    );
}

#[test]
fn a_catalogue_is_explored_and_its_versions_are_compared() {
    let server = TestServer::start(&["--no-worker"]);
    let root = server.token("root", &["--admin"]);
    let mut browser = Browser::signed_in(&server, &server.token("ada", &[]));
    assert!(browser.page("/catalogs").contains("/catalogs/demo"));
    let page = browser.page("/catalogs/demo");
    assert!(
        page.contains("auth/session") && page.contains("exactly one"),
        "{page}"
    );
    assert!(page.contains("No version is published."), "{page}");
    browser.get("/catalogs/nothing").is(404);
    browser.get("/catalogs/demo/diff").is(400);

    server
        .post("/api/v1/catalogs/demo/publish", &root, &json!({}))
        .is(201);
    let page = browser.page("/catalogs/demo");
    assert!(
        page.contains("?version=1") && page.contains(">offered<"),
        "{page}"
    );
    assert!(
        browser
            .page("/catalogs/demo?version=1")
            .contains("version 1")
    );
    let same = browser.page("/catalogs/demo/diff?from=1");
    assert!(same.contains("Nothing differs."), "{same}");
    server.execute(
        "UPDATE bootstrap_options SET is_default = 1 - is_default WHERE slug = 'docs'",
        1,
    );
    let differs = browser.page("/catalogs/demo/diff?from=1");
    assert!(
        differs.contains("addons/docs") && !differs.contains("Nothing differs."),
        "{differs}"
    );
    assert!(differs.contains("None of your products"), "{differs}");
}
