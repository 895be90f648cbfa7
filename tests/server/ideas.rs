//! Ideas and their plan documents.

use super::support::TestServer;
use serde_json::{Value, json};

const PLANS: &str = "/api/v1/plan-documents";

fn plan() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/plans/bootstrap.md");
    std::fs::read_to_string(path).unwrap()
}

/// A server, the token of a user, and an idea of that user.
fn prepared() -> (TestServer, String, String) {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let idea = server.post("/api/v1/ideas", &token, &json!({ "title": "Repositories" }));
    let idea = idea.is(201).json();
    assert_eq!(
        (&idea["status"], &idea["plan"]),
        (&json!("draft"), &Value::Null)
    );
    let id = idea["id"].as_str().unwrap().to_owned();
    (server, token, id)
}

#[test]
fn a_plan_document_is_stored_for_an_idea_and_replaced_without_a_question() {
    let (server, token, idea) = prepared();
    let body = json!({ "idea": idea, "document": plan() });
    let saved = server.post(PLANS, &token, &body).is(201).json();
    assert_eq!(
        (
            &saved["formerStatus"],
            &saved["status"],
            &saved["stories"],
            &saved["tasks"]
        ),
        (&json!("draft"), &json!("plan_ready"), &json!(4), &json!(22))
    );
    let again = server.post(PLANS, &token, &body).is(201).json();
    assert_eq!(again["formerStatus"], "plan_ready");
    let read = server
        .get(&format!("/api/v1/ideas/{idea}"), &token)
        .is(200)
        .json();
    assert_eq!(
        (&read["plan"], &read["status"]),
        (&json!(plan()), &json!("plan_ready"))
    );
    let list = server.get("/api/v1/ideas", &token).is(200).json();
    assert_eq!(list["items"][0]["planCharacters"], plan().chars().count());
    // The log has each document with the former status and the length.
    let length = plan().chars().count();
    for (number, former) in [(1, "DRAFT"), (2, "PLAN_READY")] {
        let statement = format!(
            "UPDATE bootstrap_idea_log SET at = at WHERE actor = 'ada' AND idea_id = '{idea}' \
             AND number = {number} AND former_status = '{former}' AND characters = {length}"
        );
        server.execute(statement.leak(), 1);
    }
}

#[test]
fn the_status_of_an_idea_decides_if_it_accepts_a_plan_document() {
    let (server, token, idea) = prepared();
    let body = json!({ "idea": idea, "document": plan() });
    for (status, accepts) in [
        ("DRAFT", true),
        ("GRILLED", true),
        ("PLAN_FAILED", true),
        ("PLAN_READY", true),
        ("GRILLING", false),
        ("PLANNING", false),
        ("PLANNED", false),
    ] {
        let statement = format!("UPDATE ideas SET status = '{status}', plan_md = NULL");
        server.execute(statement.leak(), 1);
        let answer = server.post(PLANS, &token, &body);
        if accepts {
            answer.is(201);
            continue;
        }
        assert_eq!(answer.problem(409), "idea_status", "{status}");
        let read = server.get(&format!("/api/v1/ideas/{idea}"), &token).json();
        assert_eq!(
            (&read["plan"], &read["status"]),
            (&Value::Null, &json!(status.to_lowercase()))
        );
    }
}

#[test]
fn a_document_with_faults_is_refused_with_their_lines_and_nothing_is_stored() {
    let (server, token, idea) = prepared();
    let save = |document: &str| {
        server.post(
            PLANS,
            &token,
            &json!({ "idea": idea, "document": document }),
        )
    };
    let wrong = plan().replacen("verify_required: ALIGNED", "verify_required: MAYBE", 1);
    let line = wrong
        .lines()
        .position(|line| line.contains("MAYBE"))
        .unwrap()
        + 1;
    let problem = save(&wrong).is(422).json();
    let error = &problem["errors"][0];
    assert_eq!(
        error["pointer"], "/stories/0/tasks/0/verify_required",
        "{problem}"
    );
    assert_eq!(
        (&error["line"], &problem["code"]),
        (&json!(line), &json!("findings"))
    );
    let long = format!("{}{}", plan(), "x".repeat(100_000));
    for document in ["", "no front matter", "---\npbi: [\n---\n", &long] {
        let problem = save(document).is(422).json();
        assert_eq!(problem["code"], "findings", "{problem}");
        assert!(
            !problem["errors"].as_array().unwrap().is_empty(),
            "{problem}"
        );
    }
    let read = server.get(&format!("/api/v1/ideas/{idea}"), &token).json();
    assert_eq!(
        (&read["plan"], &read["status"]),
        (&Value::Null, &json!("draft"))
    );
}

#[test]
fn ideas_of_others_look_missing_and_demo_users_add_none() {
    let (server, _, idea) = prepared();
    let (eve, demo) = (server.token("eve", &[]), server.token("demo", &["--demo"]));
    let body = json!({ "idea": idea, "document": plan() });
    assert_eq!(
        server.post(PLANS, &eve, &body).problem(404),
        "idea_not_found"
    );
    let path = format!("/api/v1/ideas/{idea}");
    assert_eq!(server.get(&path, &eve).problem(404), "idea_not_found");
    assert_eq!(server.get("/api/v1/ideas", &eve).json()["items"], json!([]));
    assert_eq!(server.post(PLANS, &demo, &body).problem(403), "user_demo");
    let new = json!({ "title": "x", "product": "nothing" });
    assert_eq!(
        server.post("/api/v1/ideas", &eve, &new).problem(404),
        "product_not_found"
    );
}
