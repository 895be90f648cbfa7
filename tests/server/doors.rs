//! Equal results through every door: command line, API and worker.

use super::support::TestServer;
use crate::support::{PRODUCT, Sandbox};
use serde_json::{Value, json};

/// Every selection of the small catalogue: the option of `auth`, and whether `addons` has `docs`.
const SELECTIONS: [(&str, bool); 4] = [
    ("session", false),
    ("session", true),
    ("none", false),
    ("none", true),
];

/// The report of the command line.
fn shown(sandbox: &Sandbox, auth: &str, has_docs: bool) -> Value {
    let auth = format!("auth={auth}");
    let mut args = vec![
        "preview",
        "--catalog",
        ".",
        "--format",
        "json",
        "--select",
        &auth,
    ];
    if has_docs {
        args.extend(["--select", "addons=docs"]);
    }
    args.extend(PRODUCT);
    serde_json::from_str(&sandbox.groundplan(args).exits(0).stdout).unwrap()
}

#[test]
fn command_line_api_and_worker_give_the_same_report_and_tree() {
    let server = TestServer::start(&[]);
    let token = server.token("ada", &[]);
    for (number, (auth, has_docs)) in SELECTIONS.into_iter().enumerate() {
        let report = shown(&server.sandbox, auth, has_docs);
        let addons = if has_docs { vec!["docs"] } else { Vec::new() };
        let mut body = json!({
            "catalog": "demo", "selection": { "auth": auth, "addons": addons },
            "name": "Acme Web", "owner": "acme", "repo": "acme-web", "date": "2026-11-21",
        });
        let answered = server
            .post("/api/v1/previews", &token, &body)
            .is(200)
            .json();
        assert_eq!(answered, report, "{auth} {has_docs}");
        let product = format!("p{number}");
        server
            .post("/api/v1/products", &token, &json!({ "name": product }))
            .is(201);
        body["product"] = json!(product);
        // Another repository each time: only its name differs.
        body["repo"] = json!(format!("acme-web-{number}"));
        let own = {
            let mut preview = body.clone();
            preview.as_object_mut().unwrap().remove("product");
            server
                .post("/api/v1/previews", &token, &preview)
                .is(200)
                .json()
        };
        body["expect"] = own["treeId"].clone();
        let run = server.post("/api/v1/runs", &token, &body).is(201).json();
        let run = server.finished(run["id"].as_str().unwrap(), &token);
        assert_eq!(run["status"], "succeeded", "{run}");
        let folder = format!("data/repositories/acme/acme-web-{number}.git");
        let tree = server.sandbox.git(&folder, &["rev-parse", "main^{tree}"]);
        assert_eq!(own["treeId"], tree.trim_end());
    }
}
