//! The application in docs/app.md: compiled with the types of the server's document, and run with Node. Needs npm, node and
//! the npm registry.

use super::support::TestServer;
use std::path::Path;
use std::process::Command;

const PACKAGES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/app-example");

#[test]
fn the_application_of_the_manual_creates_a_repository() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/app");
    std::fs::create_dir_all(PACKAGES).unwrap();
    for file in ["bootstrap.ts", "package.json", "tsconfig.json"] {
        std::fs::copy(example.join(file), Path::new(PACKAGES).join(file)).unwrap();
    }
    let server = TestServer::start(&[]);
    let token = server.token("ada", &[]);
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(PACKAGES)
            .env("npm_config_update_notifier", "false")
            .env("GROUNDPLAN_SERVER", format!("http://{}", server.address))
            .env("GROUNDPLAN_API_TOKEN", &token)
            .env("CATALOG", "demo");
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{program} {args:?}: {text}{output:?}"
        );
        text
    };
    // What was installed by an earlier run is used again.
    let install = ["install", "--prefer-offline", "--no-audit", "--no-fund"];
    run("npm", &install);
    let document = server.get("/api/v1/openapi.json", "").is(200).text();
    std::fs::write(Path::new(PACKAGES).join("openapi.json"), document).unwrap();
    let types = [
        "openapi-typescript",
        "openapi.json",
        "--default-non-nullable",
        "false",
        "-o",
        "api.d.ts",
    ];
    run("npx", &[&["--no-install"], &types[..]].concat());
    run("npx", &["--no-install", "tsc"]);
    let told = run("node", &["bootstrap.js"]);
    let tree = server.sandbox.git(
        "data/repositories/acme/acme-web.git",
        &["rev-parse", "main^{tree}"],
    );
    assert!(
        told.contains(&format!("preview: tree {}", tree.trim_end())),
        "{told}"
    );
    assert!(
        told.contains("event: started") && told.contains("event: succeeded"),
        "{told}"
    );
    let last = told.lines().last().unwrap();
    assert!(
        last.starts_with("succeeded: ") && last.ends_with("acme-web.git"),
        "{told}"
    );
}
