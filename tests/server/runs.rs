//! Runs over HTTP, with the worker inside the server.

use super::support::{TestServer, preview, submission};
use crate::support::Sandbox;
use serde_json::{Value, json};

/// A server with a product and an accepted preview of one user.
fn prepared() -> (TestServer, String, String) {
    prepared_with(&[])
}

/// The same with settings of the server.
fn prepared_with(variables: &[(&str, &str)]) -> (TestServer, String, String) {
    let server = TestServer::start_with(&[], variables);
    let token = server.token("ada", &[]);
    let product = server
        .post("/api/v1/products", &token, &json!({ "name": "Acme Web" }))
        .is(201)
        .json();
    assert_eq!(
        (&product["id"], &product["slug"]),
        (&json!("acme-web"), &json!("acme-web"))
    );
    let report = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json();
    let tree = report["treeId"].as_str().unwrap().to_owned();
    (server, token, tree)
}

#[test]
fn a_run_creates_exactly_the_previewed_repository() {
    let (server, token, tree) = prepared();
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", &tree))
        .is(201)
        .json();
    assert_eq!(
        (&run["product"], &run["treeId"]),
        (&json!("acme-web"), &json!(tree))
    );
    let run = server.finished(run["id"].as_str().unwrap(), &token);
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(run["left"], json!([]));
    let steps: Vec<&str> = run["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| {
            assert_eq!(step["state"], "done", "{run}");
            step["name"].as_str().unwrap()
        })
        .collect();
    assert_eq!(steps, ["queue", "build", "create", "push", "describe"]);
    let folder = "data/repositories/acme/acme-web.git";
    let made = server.sandbox.git(folder, &["rev-parse", "main^{tree}"]);
    assert_eq!(made.trim_end(), tree);
    let product = server
        .get("/api/v1/products/acme-web", &token)
        .is(200)
        .json();
    assert_eq!(product["repoUrl"], run["repoUrl"]);
    assert_eq!(product["lastRun"], run["id"]);
    let days = server
        .get("/api/v1/insights/throughput", &token)
        .is(200)
        .json();
    let today = &days["items"][0];
    assert_eq!(
        (&today["succeeded"], &today["cost"]),
        (&json!(1), &Value::Null)
    );
}

#[test]
fn the_signed_statement_of_a_run_is_that_of_its_repository() {
    let key = crate::signing::private(1);
    let (server, token, tree) = prepared_with(&[("GROUNDPLAN_SIGNING_KEY", &key)]);
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", &tree))
        .is(201)
        .json();
    let id = run["id"].as_str().unwrap();
    server.finished(id, &token);
    let path = format!("/api/v1/runs/{id}/statement");
    let statement = server.get(&path, &token).is(200).json();
    let folder = "data/repositories/acme/acme-web.git";
    let show = ["notes", "--ref", crate::signing::NOTES, "show", "main"];
    let note: Value = serde_json::from_str(&server.sandbox.git(folder, &show)).unwrap();
    assert_eq!(statement, note);
    let eve = server.token("eve", &[]);
    assert_eq!(server.get(&path, &eve).problem(404), "run_not_found");
}

#[test]
fn another_tree_than_the_expected_one_stores_nothing() {
    let (server, token, _) = prepared();
    let other = "1".repeat(40);
    let answer = server.post("/api/v1/runs", &token, &submission("acme-web", &other));
    assert_eq!(answer.problem(412), "tree_differs");
    let runs = server.get("/api/v1/runs", &token).is(200).json();
    assert_eq!(runs, json!({ "items": [], "next": null }));
}

#[test]
fn a_repeated_request_with_the_same_key_is_carried_out_once() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let key = [("idempotency-key", "k1")];
    let body = json!({ "name": "Acme Web" });
    let first = server
        .post_with("/api/v1/products", &token, &key, &body)
        .is(201);
    let again = server
        .post_with("/api/v1/products", &token, &key, &body)
        .is(201);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.json(), again.json());
    let other = json!({ "name": "Other" });
    let reused = server.post_with("/api/v1/products", &token, &key, &other);
    assert_eq!(reused.problem(422), "idempotency_key_reused");
    assert_eq!(
        server.post("/api/v1/products", &token, &body).problem(409),
        "product_taken"
    );
    // A key belongs to its user.
    let eve = server.token("eve", &[]);
    server
        .post_with("/api/v1/products", &eve, &key, &other)
        .is(201);
}

#[test]
fn runs_are_listed_in_pages_that_lose_none() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let tree = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json()["treeId"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut submitted = Vec::new();
    for number in 0..5 {
        let name = format!("p{number}");
        server
            .post("/api/v1/products", &token, &json!({ "name": name }))
            .is(201);
        let run = server
            .post("/api/v1/runs", &token, &submission(&name, &tree))
            .is(201)
            .json();
        submitted.insert(0, run["id"].clone());
    }
    let mut listed = Vec::new();
    let mut address = "/api/v1/runs?limit=2&status=pending".to_owned();
    loop {
        let page = server.get(&address, &token).is(200).json();
        listed.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|run| run["id"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        address = format!("/api/v1/runs?limit=2&status=pending&after={next}");
    }
    assert_eq!(listed, submitted);
    let cancelled = server.post(
        &format!("/api/v1/runs/{}/cancel", listed[0].as_str().unwrap()),
        &token,
        &json!({}),
    );
    assert_eq!(cancelled.is(200).json()["status"], "cancelled");
    for wrong in ["limit=0", "limit=x", "status=PENDING", "after=%20"] {
        let answer = server.get(&format!("/api/v1/runs?{wrong}"), &token);
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.text());
    }
}

#[test]
fn a_server_stops_with_open_streams_and_its_run_is_there_after_a_restart() {
    let (server, token, tree) = prepared();
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", &tree))
        .is(201)
        .json();
    server.finished(run["id"].as_str().unwrap(), &token);
    let address = server.address.clone();
    let stream = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request =
            format!("GET /api/realtime/jobs HTTP/1.0\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut first = [0; 16];
        stream.read_exact(&mut first).unwrap();
        stream
    })
    .join()
    .unwrap();
    let (code, log) = server.stop();
    assert_eq!(code, Some(143), "{log}");
    drop(stream);
}

#[test]
fn a_run_of_a_high_tier_waits_for_an_administrator_and_is_carried_out_then() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("policy.toml", "[tiers]\ndemo = \"high\"\n");
    let server = TestServer::start_in(sandbox, &["--policy", "policy.toml"], &[], " ready ");
    let (token, admin) = (server.token("ada", &[]), server.token("root", &["--admin"]));
    server
        .post("/api/v1/products", &token, &json!({ "name": "Acme Web" }))
        .is(201);
    let report = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", tree))
        .is(201)
        .json();
    assert_eq!(run["awaitsApproval"], true, "{run}");
    let address = format!("/api/v1/runs/{}/approve", run["id"].as_str().unwrap());
    let approval = json!({ "tree": tree });
    assert_eq!(
        server.post(&address, &token, &approval).problem(403),
        "not_an_administrator"
    );
    let other = json!({ "tree": "1".repeat(40) });
    assert_eq!(
        server.post(&address, &admin, &other).problem(409),
        "run_other_tree"
    );
    server.post(&address, &admin, &approval).is(200);
    let run = server.finished(run["id"].as_str().unwrap(), &token);
    assert_eq!(
        (&run["status"], &run["approval"]["by"]),
        (&json!("succeeded"), &json!("root"))
    );
}
