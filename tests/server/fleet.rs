//! Updates of the repositories that runs created, by the API and by the page.

use super::pages::Browser;
use super::support::{TestServer, preview, submission};
use serde_json::{Value, json};

/// A server with a repository of an administrator, over a newer version of the catalogue that it was created from.
fn behind() -> (TestServer, String) {
    let server = TestServer::start(&[]);
    let token = server.token("root", &["--admin"]);
    server
        .post("/api/v1/products", &token, &json!({ "name": "Acme Web" }))
        .is(201);
    let report = server.post("/api/v1/previews", &token, &preview()).is(200);
    let tree = report.json()["treeId"].as_str().unwrap().to_owned();
    let run = server
        .post("/api/v1/runs", &token, &submission("acme-web", &tree))
        .is(201)
        .json();
    let run = server.finished(run["id"].as_str().unwrap(), &token);
    assert_eq!(run["status"], "succeeded", "{run}");
    let sandbox = server.killed();
    let file = "catalog/demo/catalog.yaml";
    let raised = sandbox.read(file).replace("version: v1", "version: v2");
    sandbox.write(file, raised);
    let readme = "# __PRODUCT_NAME__\n\nNewer.\n";
    sandbox.write("catalog/demo/template/README.md", readme);
    let server = TestServer::start_in(sandbox, &[], &[], " ready ");
    (server, token)
}

/// Queues an update and waits for its end.
#[track_caller]
fn update(server: &TestServer, token: &str, mode: &str) -> Value {
    let body = json!({ "mode": mode });
    let queued = server
        .post("/api/v1/fleet/updates", token, &body)
        .is(201)
        .json();
    let run = queued["items"][0]["run"].as_str();
    server.finished(run.unwrap_or_else(|| panic!("{queued}")), token)
}

#[test]
fn a_fleet_is_compared_and_updated_by_runs() {
    let (server, token) = behind();
    let list = || {
        let answer = server.get("/api/v1/fleet", &token).is(200).json();
        answer["items"][0].clone()
    };
    let entry = list();
    assert_eq!(
        (&entry["product"], &entry["repo"], &entry["result"]),
        (&json!("acme-web"), &json!("acme/acme-web"), &Value::Null)
    );

    let run = update(&server, &token, "compare");
    assert_eq!(
        (&run["kind"], &run["status"]),
        (&json!("UPDATE_REPO"), &json!("succeeded"))
    );
    let result = &run["update"]["result"];
    assert_eq!(result["state"], "untouched", "{run}");
    assert_eq!(result.get("proposal"), None);
    let steps = run["steps"].as_array().unwrap();
    let names: Vec<&str> = steps
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["queue", "compare"]);
    assert_eq!(&list()["result"], result);

    let run = update(&server, &token, "propose");
    let proposal = &run["update"]["result"]["proposal"];
    let branch = proposal["branch"].as_str().unwrap();
    let folder = "data/repositories/acme/acme-web.git";
    let proposed = server.sandbox.git_id(folder, &format!("{branch}^{{tree}}"));
    assert_eq!(run["treeId"], proposed.as_str());
    let last = run["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["name"], &last["state"]),
        (&json!("propose"), &json!("done"))
    );
    let entry = list();
    assert_eq!(
        entry["run"],
        json!({ "id": run["id"], "mode": "propose", "status": "succeeded" })
    );
    assert_eq!(entry["result"]["proposal"], *proposal);

    let jobs = server
        .get("/api/v1/jobs?kind=UPDATE_REPO", &token)
        .is(200)
        .json();
    assert_eq!(jobs["items"].as_array().unwrap().len(), 2, "{jobs}");
    assert_eq!(jobs["items"][0]["branch"], branch);
    // The product still has the run that created its repository.
    let product = server
        .get("/api/v1/products/acme-web", &token)
        .is(200)
        .json();
    assert_eq!(product["lastRun"], entry["createdBy"]);
}

#[test]
fn an_update_that_cannot_be_queued_says_why_and_stops_no_other() {
    let (server, token) = behind();
    server
        .post("/api/v1/products", &token, &json!({ "name": "Empty" }))
        .is(201);
    let body = json!({ "mode": "compare", "products": ["empty", "unknown", "acme-web"] });
    let queued = server
        .post("/api/v1/fleet/updates", &token, &body)
        .is(201)
        .json();
    let items = queued["items"].as_array().unwrap();
    for item in &items[..2] {
        let error = item["error"].as_str().unwrap();
        assert!(error.contains("no run has created a repository"), "{error}");
        assert_eq!(item["run"], Value::Null);
    }
    let run = items[2]["run"].as_str().unwrap();
    assert_eq!(server.finished(run, &token)["status"], "succeeded");
    let faulty = json!({ "mode": "merge" });
    let answer = server.post("/api/v1/fleet/updates", &token, &faulty);
    assert_eq!(answer.is(422).json()["errors"][0]["pointer"], "/mode");
}

#[test]
fn the_page_of_the_fleet_queues_updates_and_shows_their_results() {
    let (server, token) = behind();
    let mut browser = Browser::signed_in(&server, &token);
    let page = browser.get("/fleet").is(200).text();
    assert!(page.contains("acme/acme-web"), "{page}");
    assert!(page.contains("not compared"), "{page}");
    let fields = [("product", "acme-web"), ("mode", "propose")];
    let answer = browser.post("/fleet", &fields).is(303);
    let to = answer.header("location").unwrap().to_owned();
    assert_eq!(to, "/fleet?queued=1&refused=0");
    let page = browser.get(&to).is(200).text();
    assert!(page.contains("1 run is queued."), "{page}");
    let fleet = server.get("/api/v1/fleet", &token).is(200).json();
    let id = fleet["items"][0]["run"]["id"].as_str().unwrap().to_owned();
    let run = server.finished(&id, &token);
    assert_eq!(run["status"], "succeeded", "{run}");

    let page = browser.get("/fleet").is(200).text();
    assert!(page.contains("behind, untouched"), "{page}");
    assert!(page.contains(&format!("href=\"/runs/{id}\"")), "{page}");
    let page = browser.get(&format!("/runs/{id}")).is(200).text();
    assert!(page.contains("The update"), "{page}");
    assert!(page.contains("groundplan/update-"), "{page}");
    assert!(
        !page.contains("Its tree is exactly that of the preview"),
        "{page}"
    );
    // Without a selection nothing is queued.
    let answer = browser.post("/fleet", &[("mode", "compare")]).is(303);
    assert_eq!(answer.header("location"), Some("/fleet?queued=0&refused=0"));
    let page = browser.get("/").is(200).text();
    assert!(page.contains("href=\"/fleet\""), "{page}");
    let member = server.token("ada", &[]);
    let page = Browser::signed_in(&server, &member).get("/").is(200).text();
    assert!(!page.contains("href=\"/fleet\""), "{page}");
}
