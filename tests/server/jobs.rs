//! The jobs board over HTTP.

use super::support::{TestServer, preview, submission};
use serde_json::json;

#[test]
fn jobs_are_listed_and_counted_by_the_same_conditions() {
    let server = TestServer::start(&["--no-worker"]);
    let (ada, eve) = (server.token("ada", &[]), server.token("eve", &[]));
    server
        .post("/api/v1/products", &ada, &json!({ "name": "Acme Web" }))
        .is(201);
    let report = server.post("/api/v1/previews", &ada, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    let run = server
        .post("/api/v1/runs", &ada, &submission("acme-web", &tree))
        .is(201)
        .json();
    server.execute(
        "INSERT INTO claude_jobs (id, user_id, product_id, kind, created_at, updated_at) \
         VALUES ('chat', 'ada', 'acme-web', 'PLAN_CHAT', 5, 5)",
        1,
    );
    let list = |conditions: &str, token: &str| {
        let page = server.get(&format!("/api/v1/jobs?{conditions}"), token);
        let page = page.is(200).json();
        let items = page["items"].as_array().unwrap().iter();
        let ids: Vec<_> = items.map(|job| job["id"].clone()).collect();
        (ids, page["next"].clone())
    };
    let (job, chat) = (run["job"].clone(), json!("chat"));
    assert_eq!(list("", &ada).0, [job.clone(), chat.clone()]);
    assert_eq!(
        list("kind=PLAN_CHAT&status=", &ada).0,
        std::slice::from_ref(&chat)
    );
    assert_eq!(list("status=done,failed", &ada).0, [json!(null); 0]);
    assert_eq!(list("text=WEB", &ada).0, [job.clone(), chat.clone()]);
    assert_eq!(list("", &eve).0, [json!(null); 0]);
    let (first, next) = list("limit=1", &ada);
    assert_eq!(first, [job]);
    let next = next.as_str().unwrap();
    let (second, next) = list(&format!("limit=1&after={next}"), &ada);
    assert_eq!((second, next), (vec![chat], json!(null)));

    let counts = server.get("/api/v1/jobs/counts?kind=PLAN_CHAT", &ada);
    let counts = counts.is(200).json();
    assert_eq!(counts["total"], json!({ "count": 1, "more": false }));
    let kinds = server.get("/api/v1/version", "").json()["kinds"].clone();
    for (kind, counted) in kinds
        .as_array()
        .unwrap()
        .iter()
        .zip(counts["kinds"].as_array().unwrap())
    {
        for field in ["kind", "label", "colour"] {
            assert_eq!(kind[field], counted[field]);
        }
        assert_eq!(counted["count"], i32::from(kind["kind"] == "PLAN_CHAT"));
    }
    for wrong in [
        "kind=a%20b",
        "status=QUEUED",
        "product=a%20b",
        "after=%20",
        "limit=0",
    ] {
        let answer = server.get(&format!("/api/v1/jobs?{wrong}"), &ada);
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.text());
    }
    let text = "x".repeat(201);
    let answer = server.get(&format!("/api/v1/jobs/counts?text={text}"), &ada);
    assert_eq!(answer.problem(400), "parameter_invalid");
}
