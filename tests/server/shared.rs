//! Several servers on one Postgres, and faults of it.

use super::pages::Browser;
use super::support::{Answer, TestServer, answered, preview, submission};
use crate::support::Sandbox;
use crate::support::jobs::wait;
use crate::support::postgres::{CARELESS, Cluster, open};
use groundplan::store::sql::migrations::Tables;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// A new database with all tables, as a value of DATABASE_URL.
fn database(cluster: &Cluster) -> (String, String) {
    let name = wait(cluster.migrated());
    let address = cluster.address(&name);
    (name, address)
}

/// A server on a database of Postgres with a folder of repositories and a key of its own.
fn server(address: &str, more: &[&str]) -> TestServer {
    let sandbox = Sandbox::with_demo();
    std::fs::create_dir(sandbox.join("repositories")).unwrap();
    let flags = [&["--forge", "local", "--forge-url", "repositories"], more].concat();
    TestServer::start_in(sandbox, &flags, &[("DATABASE_URL", address)], " ready ")
}

fn execute(cluster: &Cluster, database: &str, statement: &str) {
    wait(async {
        let mut connection = cluster.connect(database).await;
        connection
            .execute(AssertSqlSafe(statement.to_owned()))
            .await
            .unwrap();
    });
}

/// The only value of a query, once it is not zero.
fn until_some(cluster: &Cluster, database: &str, query: &str) -> i64 {
    wait(async {
        let mut connection = cluster.connect(database).await;
        loop {
            let found: i64 = sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
                .fetch_one(&mut connection)
                .await
                .unwrap();
            if found != 0 {
                return found;
            }
        }
    })
}

/// The tree of the default preview, and a product `acme-web`.
fn prepared(server: &TestServer, token: &str) -> String {
    server
        .post("/api/v1/products", token, &json!({ "name": "Acme Web" }))
        .is(201);
    let report = server.post("/api/v1/previews", token, &preview()).is(200);
    report.json()["treeId"].as_str().unwrap().to_owned()
}

/// The numbers of the events in a stream, until it ends.
fn numbers(stream: &str) -> Vec<u64> {
    let data = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str::<Value>(data).unwrap()["number"].as_u64())
        .collect()
}

#[test]
fn a_run_is_submitted_at_one_server_followed_at_another_and_approved_there() {
    let cluster = Cluster::get();
    let (_, address) = database(cluster);
    let policy = Sandbox::with_demo();
    policy.write("policy.toml", "[tiers]\ndemo = \"high\"\n");
    let policy = policy.join("policy.toml").display().to_string();
    let flags = ["--policy", policy.as_str()];
    let first = server(&address, &[&flags[..], &["--no-worker"]].concat());
    let second = server(&address, &flags);
    let (token, admin) = (first.token("ada", &[]), first.token("root", &["--admin"]));
    let tree = prepared(&first, &token);
    // The preview that the first one has kept.
    let file = format!("/api/v1/previews/{tree}/files/README.md");
    second.get(&file, &token).is(200);

    let key = [("idempotency-key", "k1")];
    let body = submission("acme-web", &tree);
    let run = first.post_with("/api/v1/runs", &token, &key, &body).is(201);
    let again = second
        .post_with("/api/v1/runs", &token, &key, &body)
        .is(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.json(), run.json());
    let id = run.json()["id"].as_str().unwrap().to_owned();

    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("accept", "text/event-stream"),
    ];
    let path = format!("/api/v1/runs/{id}/events");
    let mut stream = first.begin("GET", &path, &headers, b"");
    let approval = json!({ "tree": tree });
    second
        .post(&format!("/api/v1/runs/{id}/approve"), &admin, &approval)
        .is(200);
    let mut followed = String::new();
    stream.read_to_string(&mut followed).unwrap();
    assert!(followed.contains("\"succeeded\""), "{followed}");
    assert!(followed.contains("event: end\n"), "{followed}");
    let events = format!("/api/v1/runs/{id}/events");
    let listed = second.get(&events, &token).is(200).json();
    assert_eq!(listed, first.get(&events, &token).json());
}

#[test]
fn a_submission_whose_server_is_killed_before_it_answers_is_not_made_twice() {
    let cluster = Cluster::get();
    let (name, address) = database(cluster);
    // An answer waits for a lock that the test holds; what the request creates does not.
    execute(
        cluster,
        &name,
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NEW; END $$;
         CREATE TRIGGER hold BEFORE UPDATE OF status ON bootstrap_answers
         FOR EACH ROW EXECUTE FUNCTION hold()",
    );
    let mut first = server(&address, &["--no-worker"]);
    let token = first.token("ada", &[]);
    let tree = prepared(&first, &token);
    let held = wait(async {
        let mut connection = cluster.connect(&name).await;
        connection
            .execute("SELECT pg_advisory_lock(42)")
            .await
            .unwrap();
        connection
    });
    let requests = [
        ("/api/v1/products", json!({ "name": "Other" })),
        ("/api/v1/runs", submission("acme-web", &tree)),
    ];
    let bearer = format!("Bearer {token}");
    let waiting = "FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 42 \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    for (number, (path, body)) in requests.iter().enumerate() {
        let key = format!("k{number}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key.as_str()),
        ];
        let mut unanswered = first.begin("POST", path, &headers, body.to_string().as_bytes());
        until_some(cluster, &name, &format!("SELECT COUNT(*) {waiting}"));
        first.kill();
        let mut received = Vec::new();
        drop(unanswered.read_to_end(&mut received));
        assert!(received.is_empty(), "the server has answered");
        // The session in the database would finish its statement.
        execute(
            cluster,
            &name,
            &format!("SELECT pg_terminate_backend(pid) {waiting}"),
        );
        first = server(&address, &["--no-worker"]);
        let key = [("idempotency-key", key.as_str())];
        let again = first.post_with(path, &token, &key, body).is(201);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let id = again.json()["id"].as_str().unwrap().to_owned();
        first.get(&format!("{path}/{id}"), &token).is(200);
    }
    drop(held);
    let runs = first.get("/api/v1/runs", &token).is(200).json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "{runs}");
}

#[test]
fn a_stream_misses_no_event_of_a_database_that_is_restarted() {
    let mut cluster = Cluster::start(CARELESS);
    let name = wait(cluster.empty());
    let address = cluster.address(&name);
    wait(async {
        let database = open(&address).await;
        database.migrate(Tables::All).await.unwrap();
        database.close().await;
    });
    let server = server(&address, &["--no-worker"]);
    let token = server.token("ada", &[]);
    let tree = prepared(&server, &token);
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", &tree))
        .is(201)
        .json();
    let id = run["id"].as_str().unwrap();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let request = format!(
        "GET /api/v1/runs/{id}/events HTTP/1.0\r\nauthorization: Bearer {token}\r\naccept: text/event-stream\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut text = String::new();
    while !text.contains("\"submitted\"") {
        stream.read_line(&mut text).unwrap();
    }
    cluster.restart();
    for number in 2..6 {
        execute(
            &cluster,
            &name,
            &format!(
                "INSERT INTO bootstrap_events (run_id, number, at, kind, actor, detail)
                 VALUES ('{id}', {number}, 'epoch', 'intended', 'worker', '{{}}')"
            ),
        );
    }
    let cancelled =
        patiently(|| server.post(&format!("/api/v1/runs/{id}/cancel"), &token, &json!({})));
    assert_eq!(cancelled.json()["status"], "cancelled");
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(numbers(&text), [1, 2, 3, 4, 5, 6, 7], "{text}");
    assert!(text.contains("event: end\n"), "{text}");
}

#[test]
fn a_server_continues_after_its_database_was_away() {
    let mut cluster = Cluster::start(CARELESS);
    let name = wait(cluster.migrated());
    let address = cluster.address(&name);
    let server = server(&address, &[]);
    let token = server.token("ada", &[]);
    let mut browser = Browser::signed_in(&server, &token);
    let tree = prepared(&server, &token);
    let submission = submission("acme-web", &tree);
    cluster.stop();
    for path in ["me", "runs", "products/acme-web", "jobs/counts", "workers"] {
        let refused = server.get(&format!("/api/v1/{path}"), &token);
        assert_eq!(refused.header("retry-after"), Some("5"), "{path}");
        assert_eq!(refused.problem(503), "store_unavailable", "{path}");
    }
    let refused = server.post("/api/v1/runs", &token, &submission);
    assert_eq!(refused.problem(503), "store_unavailable");
    let page = browser.get("/").is(503);
    assert!(
        page.text().contains("<h1>Service Unavailable</h1>"),
        "{}",
        page.text()
    );
    server.send("GET", "/health/ready", &[], b"").is(503);
    cluster.restart();
    let run = patiently(|| server.post("/api/v1/runs", &token, &submission)).is(201);
    let run = server.finished(run.json()["id"].as_str().unwrap(), &token);
    assert_eq!(run["status"], "succeeded", "{run}");
    assert!(browser.get("/").is(200).text().contains("has a repository"));
    server.send("GET", "/health/ready", &[], b"").is(200);
}

#[test]
fn an_exhausted_pool_is_a_problem_that_passes() {
    let cluster = Cluster::get();
    let (name, address) = database(cluster);
    let server = server(&address, &["--no-worker", "--database-connections", "2"]);
    let token = server.token("ada", &[]);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    wait(async {
        let mut connection = cluster.connect(&name).await;
        let lock = "BEGIN; LOCK TABLE api_tokens IN ACCESS EXCLUSIVE MODE";
        connection.execute(lock).await.unwrap();
        let waiting = [(); 2].map(|()| server.begin("GET", "/api/v1/me", &headers, b""));
        let refused = server.get("/api/v1/me", &token);
        assert_eq!(refused.header("retry-after"), Some("5"));
        assert_eq!(refused.problem(503), "store_unavailable");
        connection.execute("ROLLBACK").await.unwrap();
        for mut stream in waiting {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            answered(&answer);
        }
    });
    patiently(|| server.get("/api/v1/me", &token)).is(200);
}

/// Repeats a request that is answered with 503.
fn patiently(ask: impl Fn() -> Answer) -> Answer {
    loop {
        let answer = ask();
        if answer.status != 503 {
            return answer;
        }
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
}
