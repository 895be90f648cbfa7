//! `groundplan doctor`: one line for each thing that a worker needs, good and bad, with what to do and without a secret.

use crate::forge::fake::{Dialect, Fake, Fault, TOKEN};
use crate::preflight::shows_no_token;
use crate::support::git_server::GitServer;
use crate::support::postgres::Cluster;
use crate::support::{Ran, Sandbox};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
/// Variables and their values.
type Settings<'s> = &'s [(&'s str, &'s str)];

/// What one look found.
struct Found {
    ran: Ran,
    checks: Vec<Value>,
}

/// Looks with flags and settings, and for secrets in what is said.
#[track_caller]
fn doctor(sandbox: &Sandbox, args: &[&str], settings: Settings<'_>) -> Found {
    let mut command = started(args, settings);
    let ran = sandbox.run(command.args(["--format", "json"]));
    shows_no_token(&ran);
    for stream in [&ran.stdout, &ran.stderr] {
        assert!(
            !stream.contains("AAECAwQF") && !stream.contains("ICEiIyQl"),
            "{stream}"
        );
    }
    let json = ran.json();
    let checks = json["checks"].as_array().unwrap().clone();
    let failed = checks
        .iter()
        .filter(|check| check["verdict"] == "fail")
        .count();
    assert_eq!(ran.code, i32::from(failed > 0), "{}", ran.stdout);
    assert_eq!(
        (&json["ok"], &json["failed"]),
        (&(failed == 0).into(), &failed.into())
    );
    for check in &checks {
        let is_for_somebody = check["verdict"] == "fail" || check["verdict"] == "warn";
        // A database that is not ready says it in the same breath.
        let message = check["message"].as_str().unwrap();
        let in_words = ["create it"];
        let in_words = in_words.iter().any(|words| message.contains(words));
        let says_what_to_do = check["hint"].is_string() || in_words;
        assert_eq!(says_what_to_do, is_for_somebody, "{check}");
    }
    Found { ran, checks }
}

fn started(args: &[&str], settings: Settings<'_>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    for name in [
        "DATABASE_URL",
        "DIRECT_URL",
        "BOOTSTRAP_ENCRYPTION_KEY",
        "BOOTSTRAP_TEMPLATE_REPO",
    ] {
        command.env_remove(name);
    }
    command.args(["doctor", "--state", "state"]).args(args);
    command.envs(settings.iter().copied());
    command
}

impl Found {
    /// The verdict on one thing, of which the message says a part.
    #[track_caller]
    fn says(&self, name: &str, verdict: &str, part: &str) -> &Self {
        let of_name: Vec<_> = self
            .checks
            .iter()
            .filter(|check| check["name"] == name)
            .collect();
        assert!(
            of_name.iter().any(|check| check["verdict"] == verdict
                && check["message"].as_str().unwrap().contains(part)),
            "{name}, {verdict}, {part}: {}",
            self.ran.stdout
        );
        self
    }
}

#[test]
fn where_nothing_is_configured_the_missing_database_and_forge_are_reported() {
    let found = doctor(&Sandbox::new(), &[], &[]);
    found
        .says("git", "ok", "2.")
        .says("cache", "ok", "GiB of free space; created at its first use")
        .says("state", "ok", "state`")
        .says("logs", "ok", "state/logs`")
        .says("policy", "skip", "GROUNDPLAN_POLICY is not set")
        .says("key", "skip", "BOOTSTRAP_ENCRYPTION_KEY is not set")
        .says("catalogs", "ok", "nextjs")
        .says("template", "skip", "no catalogue")
        .says(
            "database",
            "fail",
            "DATABASE_URL is not set, and a worker needs a database",
        )
        .says(
            "forge",
            "fail",
            "`--forge` is not set, and a worker needs a forge",
        );
    assert_eq!(found.ran.code, 1);
}

#[test]
fn people_get_a_line_for_each_thing_and_below_it_what_to_do() {
    let sandbox = Sandbox::new();
    let url = "sqlite:jobs.db";
    sandbox
        .groundplan(["migrate", "--database-url", url])
        .exits(0);
    let local = ["--forge", "local", "--forge-url", "."];
    let good = sandbox.run(&mut started(&local, &[("DATABASE_URL", url)]));
    let good = good.exits(0);
    assert!(
        good.stdout.starts_with("ok    git             2."),
        "{}",
        good.stdout
    );
    // The disk of the machine may be nearly full.
    let warned = usize::from(good.stdout.contains("\nwarn  disk use "));
    let counts = format!("13 checks: 0 failed, {warned} warned, 4 skipped");
    assert!(good.stderr.contains(&counts), "{}", good.stderr);
    let files = sandbox.files();
    let bad = sandbox
        .run(&mut started(&["--forge", "github"], &[]))
        .exits(1);
    assert!(bad.stdout.contains("\nfail  key "), "{}", bad.stdout);
    assert!(
        bad.stdout
            .contains("create one with `openssl rand -base64 32`"),
        "{}",
        bad.stdout
    );
    assert_eq!(sandbox.files(), files);
}

#[test]
fn a_git_that_is_missing_or_old_fails() {
    let sandbox = Sandbox::new();
    doctor(&sandbox, &[], &[("PATH", "/nonexistent")]).says("git", "fail", "not found");
    sandbox
        .write("bin/git", "#!/bin/sh\necho git version 2.20.1\n")
        .make_executable("bin/git");
    let folder = sandbox.join("bin");
    doctor(&sandbox, &[], &[("PATH", folder.to_str().unwrap())]).says(
        "git",
        "fail",
        "2.20.1 is too old",
    );
}

#[test]
fn folders_have_to_be_writable_and_should_be_on_a_real_disk() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    doctor(&sandbox, &["--logs", "file/logs"], &[]).says("logs", "fail", "cannot write in");
    let elsewhere = [
        "--logs",
        "/dev/shm/groundplan-logs",
        "--cache-dir",
        "/proc/groundplan",
    ];
    doctor(&sandbox, &elsewhere, &[])
        .says("logs", "warn", "in memory (tmpfs)")
        .says("cache", "fail", "`/proc`");
}

#[test]
fn a_policy_is_read_and_has_to_let_somebody_approve() {
    let sandbox = Sandbox::new();
    let policy = |text: &str| {
        sandbox.write("policy.toml", text);
        doctor(&sandbox, &["--policy", "policy.toml"], &[])
    };
    policy("[tiers]\n[approval]\nadministrators = [\"ada\"]\n").says(
        "policy",
        "ok",
        "with administrators",
    );
    policy("[tiers]\n").says("policy", "warn", "no administrators");
    policy("tiers = 1").says("policy", "fail", "invalid policy");
    doctor(&sandbox, &["--policy", "gone.toml"], &[]).says("policy", "fail", "gone.toml");
}

#[test]
fn the_key_is_looked_at_where_tokens_are_sealed() {
    let sandbox = Sandbox::new();
    let local = ["--forge", "local", "--forge-url", "."];
    let (now, before) = (
        "BOOTSTRAP_ENCRYPTION_KEY",
        "BOOTSTRAP_ENCRYPTION_KEY_PREVIOUS",
    );
    let key = |settings: Settings<'_>| doctor(&sandbox, &local, settings);
    key(&[]).says("key", "skip", "not needed");
    key(&[(now, KEY)]).says("key", "ok", "usable");
    key(&[(now, KEY), (before, OTHER_KEY)]).says("key", "ok", "together with the previous key");
    key(&[(now, KEY), (before, KEY)]).says("key", "warn", "are the same");
    key(&[(before, KEY)]).says("key", "fail", "BOOTSTRAP_ENCRYPTION_KEY is not");
    key(&[(now, "canary")]).says("key", "fail", "openssl rand -base64 32");
    key(&[(now, KEY), (before, "canary")]).says(
        "key",
        "fail",
        "invalid BOOTSTRAP_ENCRYPTION_KEY_PREVIOUS",
    );
    let fake = Fake::start(Dialect::GitHub);
    let github = ["--forge", "github", "--forge-url", &fake.address()];
    doctor(&sandbox, &github, &[]).says("key", "fail", "BOOTSTRAP_ENCRYPTION_KEY is not set");
}

#[test]
fn catalogues_are_loaded_and_the_repositories_of_their_templates_asked_without_fetching() {
    let sandbox = Sandbox::with_demo();
    let catalogs = ["--catalogs", "."];
    doctor(&sandbox, &catalogs, &[])
        .says("catalogs", "ok", "demo")
        .says("template", "skip", "no catalogue");
    sandbox.write("srv/web/README.md", "");
    sandbox.commit("srv/web");
    let server = GitServer::over(&sandbox.join("srv"));
    let url = server.url("web");
    let demo = sandbox.read("catalog/demo/catalog.yaml");
    let from_git = demo.replace(
        "{ path: template, version: v1 }",
        &format!("{{ repo: {url}, ref: v1 }}"),
    );
    sandbox.write("catalog/demo/catalog.yaml", from_git);
    doctor(&sandbox, &catalogs, &[]).says("template", "ok", &format!("{url} answers"));
    assert!(!sandbox.join(".cache/mirrors").exists());
    let gone = server.url("gone");
    doctor(&sandbox, &catalogs, &[("BOOTSTRAP_TEMPLATE_REPO", &gone)]).says(
        "template",
        "fail",
        "the repository does not exist",
    );
    server.requires("x-access-token", TOKEN);
    doctor(&sandbox, &catalogs, &[]).says("template", "fail", "refused");
    let host = server.host();
    let token = [
        ("GROUNDPLAN_GIT_TOKEN", TOKEN),
        ("GROUNDPLAN_GIT_HOST", host.as_str()),
    ];
    doctor(&sandbox, &catalogs, &token).says("template", "ok", "answers");
    let with_secret = [(
        "BOOTSTRAP_TEMPLATE_REPO",
        "https://canary:canary@example.org/x.git",
    )];
    doctor(&sandbox, &catalogs, &with_secret).says(
        "template",
        "fail",
        "address contains a user or a token",
    );
    sandbox.write("catalog/demo/catalog.yaml", "catalog: demo\n");
    doctor(&sandbox, &catalogs, &[]).says("catalogs", "fail", "unusable catalogues");
}

#[test]
fn credentials_in_remotes_are_found_and_removed_and_never_shown() {
    let sandbox = Sandbox::new();
    doctor(&sandbox, &[], &[]).says("remotes", "skip", "no git repository");
    sandbox.git(".", &["init", "-q"]);
    doctor(&sandbox, &[], &[]).says("remotes", "ok", "no credentials");
    let with_secret = format!("https://x-access-token:{TOKEN}@forge.example/acme/web.git");
    sandbox.git(".", &["remote", "add", "origin", &with_secret]);
    sandbox.git(
        ".",
        &["remote", "add", "plain", "git@forge.example:acme/web.git"],
    );
    sandbox.git(".", &["config", "remote.plain.pushurl", &with_secret]);
    // Pushes go to every address of a remote.
    let second = with_secret.replace("acme/web", "mirror/web");
    for address in ["https://forge.example/acme/copy.git", &second] {
        sandbox.git(".", &["remote", "set-url", "--add", "origin", address]);
    }
    let config = sandbox.join(".git/config");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o640)).unwrap();
    let before = sandbox.read(".git/config");
    let names = "remote.origin.url, remote.plain.pushurl";
    doctor(&sandbox, &[], &[]).says("remotes", "fail", names);
    assert_eq!(sandbox.read(".git/config"), before);
    doctor(&sandbox, &["--fix"], &[]).says("remotes", "warn", names);
    let after = before.replace(&format!("x-access-token:{TOKEN}@"), "");
    assert_eq!(sandbox.read(".git/config"), after);
    let mode = fs::metadata(&config).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    doctor(&sandbox, &["--fix"], &[]).says("remotes", "ok", "no credentials");
}

#[test]
fn the_use_of_the_disk_is_reported_by_cause() {
    let sandbox = Sandbox::new();
    let mebibytes = |count: usize| vec![7u8; count * 1024 * 1024];
    sandbox.write(".cache/mirrors/web.git/pack", mebibytes(3));
    sandbox.write("state/logs/run.log", mebibytes(2));
    sandbox.write("state/work/pack", mebibytes(1));
    let found = doctor(&sandbox, &[], &[]);
    let check = found
        .checks
        .iter()
        .find(|check| check["name"] == "disk use")
        .unwrap();
    let message = check["message"].as_str().unwrap();
    assert!(
        message.ends_with(" % of the disk; cache 3 MiB, logs 2 MiB, work folders 1 MiB"),
        "{message}"
    );
}

#[test]
fn a_database_in_a_file_is_not_made_by_looking() {
    let sandbox = Sandbox::new();
    let url = [("DATABASE_URL", "sqlite:jobs.db")];
    doctor(&sandbox, &[], &url).says("database", "warn", "does not exist yet");
    assert!(!sandbox.join("jobs.db").exists());
    sandbox
        .groundplan(["migrate", "--database-url", "sqlite:jobs.db"])
        .exits(0);
    doctor(&sandbox, &[], &url)
        .says("database", "ok", "SQLite, up to date, standalone tables")
        .says("database clock", "ok", "same time as this machine");
    sandbox.write("jobs.db", "this is none");
    doctor(&sandbox, &[], &url).says("database", "fail", "not a SQLite database");
    let folder = [("DATABASE_URL", "sqlite:.")];
    doctor(&sandbox, &[], &folder).says("database", "fail", "cannot read `.`");
}

#[tokio::test]
async fn postgres_is_reached_and_its_tables_are_looked_at() {
    let cluster = Cluster::get();
    let sandbox = Sandbox::new();
    let empty = cluster.address(&cluster.empty().await);
    let found = doctor(&sandbox, &[], &[("DATABASE_URL", &empty)]);
    found.says("database", "fail", "tables are missing");
    let migrated = cluster.address(&cluster.migrated().await);
    doctor(&sandbox, &[], &[("DATABASE_URL", &migrated)])
        .says("database", "ok", "Postgres, up to date, standalone tables")
        .says("database clock", "ok", "same time as this machine");
    let replica = format!("{migrated}&options=-c%20default_transaction_read_only=on");
    doctor(&sandbox, &[], &[("DATABASE_URL", &replica)]).says("database writes", "fail", "");
    let none = cluster
        .address("canary_none")
        .replace("canary_none", "none");
    doctor(&sandbox, &[], &[("DATABASE_URL", &none)]).says("database", "fail", "does not exist");
}

#[test]
fn a_database_that_is_not_there_fails_without_its_password() {
    let sandbox = Sandbox::new();
    // It accepts and hangs up, so that nobody waits for it to come up.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().for_each(drop));
    let url = format!("postgres://canary:canary@{address}/x?sslmode=disable");
    doctor(&sandbox, &[], &[("DATABASE_URL", &url)]).says("database", "fail", "cannot be reached");
    doctor(&sandbox, &[], &[("DATABASE_URL", "canary")]).says(
        "database",
        "fail",
        "invalid DATABASE_URL",
    );
}

#[test]
fn a_forge_of_folders_has_to_be_there() {
    let sandbox = Sandbox::new();
    let forge = |folder: &str| doctor(&sandbox, &["--forge", "local", "--forge-url", folder], &[]);
    forge(".").says("forge", "ok", "answers");
    forge("gone").says("forge", "fail", "`gone` is not a folder");
    // No user may write there.
    forge("/proc").says("forge", "fail", "cannot write in `/proc`");
}

#[test]
fn a_forge_is_reached_without_a_token_and_a_token_is_asked_about_where_there_is_one() {
    let sandbox = Sandbox::new();
    for (dialect, kind) in [(Dialect::GitHub, "github"), (Dialect::Forgejo, "forgejo")] {
        let fake = Fake::start(dialect);
        let address = fake.address();
        let look = |more: Settings<'_>| {
            let args = ["--forge", kind, "--forge-url", &address];
            doctor(
                &sandbox,
                &args,
                &[&[("BOOTSTRAP_ENCRYPTION_KEY", KEY)], more].concat(),
            )
        };
        look(&[]).says("forge", "ok", "127.0.0.1 answers").says(
            "forge git",
            "ok",
            "git reaches the forge",
        );
        look(&[]).says("token", "skip", "GROUNDPLAN_FORGE_TOKEN is not set");
        let token = [("GROUNDPLAN_FORGE_TOKEN", TOKEN)];
        look(&token).says("token", "ok", "of jane");
        let other = [("GROUNDPLAN_FORGE_TOKEN", "ghp_canary-of-another-one-canary")];
        look(&other).says("token", "fail", "");
        if dialect == Dialect::GitHub {
            look(&token).says("token", "ok", "until 2027-01-15T08:00:00Z");
            fake.state().scopes = "read:org";
            look(&token).says("token", "fail", "without the scope `repo`");
        }
        for (date, verdict, part) in [
            (
                "Sat, 21 Nov 2020 12:00:00 GMT",
                "warn",
                "seconds behind this machine",
            ),
            (
                "Sat, 21 Nov 2099 12:00:00 GMT",
                "warn",
                "seconds ahead of this machine",
            ),
        ] {
            fake.state().date = Some(date);
            look(&[]).says("forge clock", verdict, part);
        }
        fake.state().date = Some("soon");
        let found = look(&[]);
        assert!(
            !found.ran.stdout.contains("forge clock"),
            "{}",
            found.ran.stdout
        );
        for (fault, part) in [
            (Fault::BadGatewayBefore, "cannot be reached: status 502"),
            (Fault::CutBefore, "cannot be reached"),
            (Fault::NotFound, "is not understood: status 404"),
            (Fault::Redirect, "the forge redirects"),
        ] {
            let calls = fake.state().calls.len();
            fake.state().fault = Some((calls, fault, 1));
            look(&[]).says("forge", "fail", part);
        }
    }
}
