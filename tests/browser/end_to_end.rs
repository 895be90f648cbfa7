//! The way of a person through a service on Postgres: to a repository on a forge, to a failure, and past a killed server.

use super::{Script, run};
use crate::forge::fake::{Dialect, Fault, TOKEN};
use crate::forge_cli::Joint;
use crate::server::support::{KEY, TestServer};
use crate::support::Sandbox;
use crate::support::gate::Gate;
use crate::support::jobs::wait;
use crate::support::postgres::Cluster;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

/// A database of Postgres with all tables.
struct ServiceDatabase {
    name: String,
    address: String,
}

impl ServiceDatabase {
    fn new() -> Self {
        let cluster = Cluster::get();
        let name = wait(cluster.migrated());
        let address = cluster.address(&name);
        Self { name, address }
    }

    /// A server with the catalogues of a sandbox.
    fn serve(&self, sandbox: Sandbox, flags: &[&str]) -> TestServer {
        let variables = [
            ("DATABASE_URL", self.address.as_str()),
            ("BOOTSTRAP_ENCRYPTION_KEY", KEY),
        ];
        TestServer::start_in(sandbox, flags, &variables, " ready ")
    }

    /// Lets the leases in a table expire.
    async fn expire_leases(&self, table: &str) {
        let mut connection = Cluster::get().connect(&self.name).await;
        let expire = format!(
            "UPDATE {table} SET lease_until = timestamp 'epoch' WHERE lease_until IS NOT NULL"
        );
        connection.execute(AssertSqlSafe(expire)).await.unwrap();
    }

    /// The columns of the only row of a query, as text.
    fn row(&self, query: &'static str) -> Vec<Option<String>> {
        wait(async {
            let mut connection = Cluster::get().connect(&self.name).await;
            let row = sqlx::query(query).fetch_one(&mut connection).await.unwrap();
            (0..row.len()).map(|column| row.get(column)).collect()
        })
    }
}

/// The flags for a forge.
fn flags_of(address: &str) -> [&str; 4] {
    ["--forge", "github", "--forge-url", address]
}

#[test]
fn a_person_gets_a_private_repository_of_all_core_categories_on_postgres() {
    let forge = Joint::start(Dialect::GitHub);
    let address = forge.address();
    let database = ServiceDatabase::new();
    let server = database.serve(Sandbox::new(), &flags_of(&address));
    let token = server.token("ada", &[]);
    let told: Value =
        serde_json::from_str(&run(&server, &token, "service.mjs", &[TOKEN, "Acme Web"])).unwrap();
    let tree = told["tree"].as_str().unwrap();

    // The state of the run beside its job, as an operator looks at it.
    let row = database.row(
        "SELECT r.id, CAST(r.status AS TEXT), CAST(j.status AS TEXT), p.repo_url, p.template_version, \
         CAST(COALESCE(j.lease_until > now(), false) AS TEXT), t.tree, r.catalog_version, r.recipe_hash, \
         CAST(r.selected_options AS TEXT) FROM bootstrap_runs r JOIN claude_jobs j ON j.id = r.claude_job_id \
         JOIN products p ON p.id = r.product_id JOIN bootstrap_run_targets t ON t.run_id = r.id \
         ORDER BY r.started_at DESC NULLS LAST",
    );
    let column = |number: usize| row[number].as_deref().unwrap();
    assert_eq!(column(0), told["run"]);
    assert_eq!((column(1), column(2)), ("SUCCEEDED", "DONE"));
    assert!(column(3).ends_with("/acme/acme-web"), "{row:?}");
    assert_eq!(column(4), "v1.1.0");
    assert_eq!((column(5), column(6)), ("false", tree));

    let published = forge.published();
    let git = |arguments: &[&str]| forge.sandbox.git(published.to_str().unwrap(), arguments);
    assert_eq!(git(&["rev-parse", "main^{tree}"]).trim(), tree);
    assert_eq!(git(&["rev-list", "--count", "--all"]).trim(), "1");
    let repos = forge.state().repos.clone();
    let repo = repos.values().next().unwrap();
    assert!(repo.private && repos.len() == 1, "{repos:?}");
    let files = git(&["ls-tree", "-r", "--name-only", "main"]);
    for file in ["renovate.json", ".editorconfig"] {
        assert!(files.lines().any(|line| line == file), "{file}: {files}");
    }
    assert!(files.contains("docs/adr/"), "{files}");
    let provenance = git(&["show", "main:.scrum4me/bootstrap.json"]);
    let provenance: Value = serde_json::from_str(&provenance).unwrap();
    for name in ["recipe_hash", "catalog_version", "selected_options"] {
        assert!(!provenance[name].is_null(), "{name}: {provenance}");
    }
    let options: Value = serde_json::from_str(column(9)).unwrap();
    assert_eq!(
        (&options["auth"], &options["addons"]),
        (
            &json!(["authjs"]),
            &json!(["editorconfig", "error-tracking", "renovate"])
        )
    );
}

#[test]
fn a_run_whose_token_is_revoked_fails_and_leaves_nothing() {
    let forge = Joint::start(Dialect::GitHub);
    let address = forge.address();
    let flags = flags_of(&address);
    let database = ServiceDatabase::new();
    let without_worker = [&flags[..], &["--no-worker"]].concat();
    let server = database.serve(Sandbox::with_demo(), &without_worker);
    let token = server.token("ada", &[]);
    let mut script = Script::start(&server, &token, "refused_token.mjs", &[TOKEN]);
    script.facts();
    forge.state().fault = Some((0, Fault::Unauthorized, usize::MAX));
    let worker = database.serve(Sandbox::with_demo(), &flags);
    script.proceed();
    script.finish();
    assert_eq!(forge.state().creates, [0; 0]);
    assert!(forge.state().repos.is_empty());
    let row = database.row(
        "SELECT CAST(r.status AS TEXT), CAST(j.status AS TEXT), r.github_repo_full_name FROM bootstrap_runs r \
         JOIN claude_jobs j ON j.id = r.claude_job_id",
    );
    let texts: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
    assert_eq!(texts, [Some("FAILED"), Some("FAILED"), None]);
    drop(worker);
}

#[test]
fn the_page_of_a_run_continues_after_its_server_was_killed() {
    let database = ServiceDatabase::new();
    let sandbox = Sandbox::with_demo();
    std::fs::create_dir(sandbox.join("repositories")).unwrap();
    let flags = [
        "--forge",
        "local",
        "--forge-url",
        "repositories",
        "--recovery",
        "resume",
    ];
    let (mut script, told, server) = wait(async {
        // The outcome of the push, which is done then.
        let mut gate = Gate::at(&database.address, 5).await;
        let server = database.serve(sandbox, &flags);
        let token = server.token("ada", &[]);
        let mut script = Script::start(&server, &token, "restart.mjs", &[]);
        let told = script.facts();
        gate.is_reached().await;
        let listen = server.address.clone();
        let sandbox = server.killed();
        gate.open().await;
        for table in ["bootstrap_claims", "claude_jobs"] {
            database.expire_leases(table).await;
        }
        let again = [&flags[..], &["--listen", &listen]].concat();
        (script, told, database.serve(sandbox, &again))
    });
    script.proceed();
    script.finish();
    let repository = "repositories/ada/acme-web.git";
    let made = server
        .sandbox
        .git(repository, &["rev-parse", "main^{tree}"]);
    assert_eq!(made.trim(), told["tree"]);
}
