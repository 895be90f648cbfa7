//! Previews over HTTP: the report of the command line, and the files behind it.

use super::support::{TestServer, preview, submission};
use crate::support::Sandbox;
use serde_json::{Value, json};

#[test]
fn a_preview_is_the_report_of_the_command_line() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let answer = server.post("/api/v1/previews", &token, &preview()).is(200);
    let shown = server.sandbox.preview(&[
        "--select",
        "auth=session",
        "--select",
        "addons=docs",
        "--defaults",
        "--format",
        "json",
    ]);
    let shown: Value = serde_json::from_str(&shown.exits(0).stdout).unwrap();
    assert_eq!(answer.json(), shown);
}

#[test]
fn the_files_of_a_preview_have_their_text_their_difference_and_their_origin() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let report = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    for entry in report["fileTree"].as_array().unwrap() {
        let path = entry["path"].as_str().unwrap();
        let address = format!("/api/v1/previews/{tree}/files/{path}");
        let answer = server.get(&address, &token).is(200);
        let tag = answer.header("etag").unwrap().to_owned();
        let file = answer.json();
        assert_eq!(file["size"], entry["size"], "{path}");
        let lines = file["content"].as_str().unwrap_or_default().lines().count();
        assert_eq!(file["lines"].as_array().unwrap().len(), lines, "{path}");
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("if-none-match", tag.as_str()),
        ];
        server.send("GET", &address, &headers, b"").is(304);
    }
    let changed = report["changes"][0]["path"].as_str().unwrap();
    let file = server
        .get(&format!("/api/v1/previews/{tree}/files/{changed}"), &token)
        .json();
    assert_eq!(file["change"], report["changes"][0]);
}

#[test]
fn a_preview_belongs_to_its_user_and_its_paths_stay_inside_it() {
    let server = TestServer::start(&["--no-worker"]);
    let (ada, eve) = (server.token("ada", &[]), server.token("eve", &[]));
    let report = server
        .post("/api/v1/previews", &ada, &preview())
        .is(200)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    let address = format!("/api/v1/previews/{tree}/files/README.md");
    assert_eq!(server.get(&address, &eve).problem(404), "preview_not_found");
    for path in [
        "../../etc/passwd",
        "..%2F..%2Fetc%2Fpasswd",
        "%2Fetc%2Fpasswd",
        ".git/config",
        "nothing",
    ] {
        let address = format!("/api/v1/previews/{tree}/files/{path}");
        let answer = server.get(&address, &ada);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    let unknown = "0".repeat(40);
    let address = format!("/api/v1/previews/{unknown}/files/README.md");
    assert_eq!(server.get(&address, &ada).problem(404), "preview_not_found");
}

#[test]
fn a_download_makes_exactly_the_previewed_tree() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let report = server
        .post("/api/v1/previews", &token, &preview())
        .is(200)
        .json();
    let tree = report["treeId"].as_str().unwrap();
    let patch = server
        .get(&format!("/api/v1/previews/{tree}/archive.patch"), &token)
        .is(200);
    let sandbox = &server.sandbox;
    sandbox
        .write("all.patch", &patch.body)
        .write("applied/.keep", "");
    std::fs::remove_file(sandbox.join("applied/.keep")).unwrap();
    sandbox.git("applied", &["init", "-q"]);
    sandbox.git("applied", &["apply", "--index", "../all.patch"]);
    assert_eq!(sandbox.git("applied", &["write-tree"]).trim_end(), tree);

    let zip = server
        .get(&format!("/api/v1/previews/{tree}/archive.zip"), &token)
        .is(200);
    let disposition = zip.header("content-disposition").unwrap();
    assert_eq!(disposition, "attachment; filename=\"acme-web.zip\"");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&zip.body)).unwrap();
    archive.extract(sandbox.join("unzipped")).unwrap();
    sandbox.git("unzipped/acme-web", &["init", "-q"]);
    sandbox.git("unzipped/acme-web", &["add", "-A", "-f"]);
    assert_eq!(
        sandbox.git("unzipped/acme-web", &["write-tree"]).trim_end(),
        tree
    );
}

#[test]
fn an_archive_of_strange_names_stays_in_its_folder_and_has_the_tree_of_the_preview() {
    let sandbox = Sandbox::with_demo();
    let catalog = "catalog/demo/catalog.yaml";
    let allowed = format!("{}symlinks: ALLOW\n", sandbox.read(catalog));
    sandbox.write(catalog, allowed);
    for name in [
        "-rf",
        "$(touch x)",
        "a b",
        "ü.txt",
        "'quoted'",
        ";.sh",
        "%2e%2e",
        ".hidden",
    ] {
        sandbox.write(&format!("catalog/demo/template/{name}/{name}"), name);
    }
    sandbox.symlink("/etc/passwd", "catalog/demo/template/absolute");
    sandbox.symlink("../../outside", "catalog/demo/template/above");
    let server = TestServer::start_in(sandbox, &["--no-worker"], &[], " ready ");
    let token = server.token("ada", &[]);
    let report = server.post("/api/v1/previews", &token, &preview()).is(200);
    let report = report.json();
    let tree = report["treeId"].as_str().unwrap();
    let zip = server.get(&format!("/api/v1/previews/{tree}/archive.zip"), &token);
    let zip = zip.is(200);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&zip.body)).unwrap();
    let mut links = Vec::new();
    for number in 0..archive.len() {
        let entry = archive.by_index(number).unwrap();
        let inside = entry.enclosed_name().unwrap();
        assert!(inside.starts_with("acme-web"), "{inside:?}");
        if entry.is_symlink() {
            links.push(entry.name().to_owned());
        }
    }
    assert_eq!(links.len(), 2, "{links:?}");
    // Nothing is written through a link.
    for link in &links {
        let below = format!("{link}/").to_lowercase();
        assert!(
            archive
                .file_names()
                .all(|name| !name.to_lowercase().starts_with(&below))
        );
    }
    let patch = server.get(&format!("/api/v1/previews/{tree}/archive.patch"), &token);
    server.sandbox.write("all.patch", &patch.is(200).body);
    server.sandbox.git("", &["init", "-q", "applied"]);
    let apply = ["apply", "--index", "../all.patch"];
    server.sandbox.git("applied", &apply);
    let written = server.sandbox.git("applied", &["write-tree"]);
    assert_eq!(written.trim_end(), tree);
}

#[test]
fn a_selection_that_cannot_be_carried_out_is_answered_with_its_findings() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let mut body = preview();
    body["selection"] = json!({ "auth": "nothing" });
    let answer = server.post("/api/v1/previews", &token, &body).is(422);
    let problem = answer.json();
    assert!(
        problem["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("nothing"),
        "{problem}"
    );
    body["selection"] = json!({});
    body["catalog"] = json!("other");
    assert_eq!(
        server.post("/api/v1/previews", &token, &body).problem(404),
        "catalog_not_found"
    );
    body["catalog"] = json!("demo");
    body["template"] = json!({ "repo": "/etc" });
    assert_eq!(
        server.post("/api/v1/previews", &token, &body).problem(422),
        "template_is_a_folder"
    );
}

#[test]
fn a_template_is_never_a_path_of_the_server() {
    let server = TestServer::start(&["--no-worker", "--offline", "--allow-file"]);
    let token = server.token("ada", &[]);
    // Folders and a repository in the working directory of the server.
    server.sandbox.write("secret/files/key.txt", "canary");
    server.sandbox.commit("secret");
    let file = format!("file://{}", server.sandbox.join("secret").display());
    let upper = file.replacen("file", "FILE", 1);
    for repo in [
        "secret",
        "./secret",
        "secret/files",
        "../etc",
        "~/x",
        &file,
        &upper,
    ] {
        for reference in [Value::Null, json!("main")] {
            let mut body = preview();
            body["template"] = json!({ "repo": repo, "ref": reference });
            let answer = server.post("/api/v1/previews", &token, &body);
            assert!(
                matches!(answer.status, 422 | 503),
                "{repo}: {}",
                answer.text()
            );
            assert!(
                !answer.text().contains("key.txt"),
                "{repo}: {}",
                answer.text()
            );
        }
    }
}

#[test]
fn a_field_of_a_later_version_is_refused_by_its_name() {
    let server = TestServer::start(&["--no-worker"]);
    let token = server.token("ada", &[]);
    let mut body = preview();
    body["later"] = serde_json::json!({ "PACKAGE": "acme" });
    let mut run = submission("acme-web", &"1".repeat(40));
    run["later"] = body["later"].clone();
    for (path, body) in [("/api/v1/previews", body), ("/api/v1/runs", run)] {
        let problem = server.post(path, &token, &body).is(422).json();
        let error = &problem["errors"][0];
        assert_eq!(error["pointer"], "/later", "{problem}");
        assert!(
            error["message"].as_str().unwrap().contains("`later`"),
            "{problem}"
        );
    }
}
