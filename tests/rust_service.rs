//! The catalogue `rust-service`: its services are built and tested with cargo.

use crate::support::{PRODUCT, Sandbox};
use std::path::Path;
use std::process::Command;

/// A sandbox with a service with these options in `service`, and the defaults of all others.
#[track_caller]
fn service(options: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut args = vec!["new", "--catalog", "rust-service", "--defaults"];
    args.extend(["--into", "service", "--author", "Ada <ada@example.org>"]);
    for option in options {
        let is_input = option.starts_with(char::is_uppercase);
        args.extend([if is_input { "--input" } else { "--select" }, option]);
    }
    sandbox.groundplan(args.iter().chain(&PRODUCT)).exits(0);
    sandbox
}

#[test]
fn the_port_and_the_database_are_the_same_in_every_file() {
    let sandbox = service(&["PORT=9090", "DATABASE_NAME=shop"]);
    for (file, text) in [
        ("src/config.rs", "default_value = \"127.0.0.1:9090\""),
        ("Dockerfile", "EXPOSE 9090\n"),
        ("compose.yaml", "\"127.0.0.1:9090:9090\"\n"),
        ("README.md", "curl http://localhost:9090/notes\n"),
        (".env.example", "@localhost:5432/shop\n"),
        ("compose.yaml", "POSTGRES_DB: shop\n"),
        ("compose.yaml", "@database:5432/shop\n"),
    ] {
        let content = sandbox.read(&format!("service/{file}"));
        assert!(content.contains(text), "{text} in {file}:\n{content}");
    }
}

#[test]
fn each_option_adds_its_dependencies_and_files() {
    for (database, auth, deploy, licence, ci) in [
        (
            "postgres",
            "none",
            "container",
            "MIT OR Apache-2.0",
            "github",
        ),
        ("sqlite", "bearer-token", "systemd", "MIT", "forgejo"),
        ("sqlite", "none", "container", "Apache-2.0", "none"),
        ("postgres", "bearer-token", "systemd", "", "none"),
    ] {
        let licence_option = match licence {
            "MIT OR Apache-2.0" => "mit-or-apache",
            "MIT" => "mit",
            "Apache-2.0" => "apache",
            _ => "closed",
        };
        let sandbox = service(&[
            &format!("database={database}"),
            &format!("auth={auth}"),
            &format!("deploy={deploy}"),
            &format!("licence={licence_option}"),
            &format!("ci={ci}"),
            "addons=metrics,cargo-deny,renovate",
        ]);
        let manifest: toml::Table = sandbox.read("service/Cargo.toml").parse().unwrap();
        let package = &manifest["package"];
        assert_eq!(package["name"].as_str(), Some("acme-web"));
        let expression = package.get("license").and_then(toml::Value::as_str);
        assert_eq!(expression.unwrap_or_default(), licence);
        let dependencies = manifest["dependencies"].as_table().unwrap();
        let features = format!("{:?}", dependencies["sqlx"]["features"]);
        assert!(features.contains(database), "{features}");
        assert_eq!(dependencies.contains_key("subtle"), auth != "none");
        assert!(dependencies.contains_key("metrics-exporter-prometheus"));
        let files = sandbox.files();
        for (file, exists) in [
            ("service/manifest.toml", false),
            ("service/migrations/0001_notes.sql", true),
            ("service/src/auth.rs", auth != "none"),
            ("service/src/metrics.rs", true),
            ("service/deny.toml", true),
            ("service/Dockerfile", deploy == "container"),
            ("service/deploy/acme-web.service", deploy == "systemd"),
            (
                "service/compose.yaml",
                database == "postgres" || deploy == "container",
            ),
            ("service/.github/workflows/ci.yml", ci == "github"),
            ("service/.forgejo/workflows/ci.yml", ci == "forgejo"),
        ] {
            assert_eq!(files.iter().any(|it| it == file), exists, "{file}");
        }
    }
}

/// Needs the crate registry: `cargo test --test integration -- --ignored a_service_with_sqlite`.
#[test]
#[ignore = "downloads and builds about 200 crates; tests/catalog_check.sh also tests PostgreSQL"]
fn a_service_with_sqlite_passes_its_tests_and_lints() {
    let sandbox = service(&["database=sqlite", "auth=bearer-token", "addons=metrics"]);
    let cargo = Path::new(env!("CARGO"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let toolchain = cargo.parent().unwrap().to_owned();
    let folders = std::iter::once(toolchain).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).unwrap();
    for args in [
        &["fmt", "--check"][..],
        &["clippy", "--all-targets", "--", "-D", "warnings"],
        &["test"],
    ] {
        let mut command = Command::new(cargo);
        command
            .args(args)
            .current_dir(sandbox.join("service"))
            .env("PATH", &path)
            .env("CARGO_TARGET_DIR", sandbox.join("target"));
        if let Some(home) = std::env::var_os("HOME") {
            command.env("CARGO_HOME", Path::new(&home).join(".cargo"));
        }
        sandbox.run(&mut command).exits(0);
    }
}
