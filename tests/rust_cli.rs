//! The catalogue `rust-cli`: its programs are built and tested with cargo.

use crate::support::{PRODUCT, Ran, Sandbox};
use std::path::{Path, PathBuf};
use std::process::Command;

const EDITIONS: [&str; 2] = ["rust-2024", "rust-2021"];
const ARGUMENTS: [&str; 2] = ["none", "clap"];
const ERRORS: [&str; 2] = ["boxed", "anyhow"];
const LICENCES: [(&str, &str); 3] = [
    ("mit-or-apache", "MIT OR Apache-2.0"),
    ("mit", "MIT"),
    ("apache", "Apache-2.0"),
];

/// A sandbox with a program with these options in `cli`.
#[track_caller]
fn program(edition: &str, arguments: &str, errors: &str, licence: &str, ci: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let options = [
        format!("edition={edition}"),
        format!("arguments={arguments}"),
        format!("errors={errors}"),
        format!("licence={licence}"),
        format!("ci={ci}"),
    ];
    let mut args = vec!["new", "--catalog", "rust-cli", "--into", "cli"];
    for option in &options {
        args.extend(["--select", option]);
    }
    sandbox.groundplan(args.iter().chain(&PRODUCT)).exits(0);
    sandbox
}

/// Runs the same cargo and rustc as these tests on the program in `cli`.
#[track_caller]
fn cargo(sandbox: &Sandbox, home: &Path, args: &[&str]) -> Ran {
    let cargo = Path::new(env!("CARGO"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let toolchain = cargo.parent().unwrap().to_owned();
    let folders = std::iter::once(toolchain).chain(std::env::split_paths(&path));
    let mut command = Command::new(cargo);
    command
        .arg(args[0])
        .arg("--manifest-path")
        .arg(sandbox.join("cli/Cargo.toml"))
        .args(&args[1..])
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env("CARGO_HOME", home)
        .env("CARGO_TARGET_DIR", sandbox.join("target"));
    sandbox.run(&mut command).exits(0)
}

#[test]
fn without_dependencies_it_builds_and_passes_its_tests_offline() {
    let sandbox = program("rust-2024", "none", "boxed", "mit", "none");
    let home = sandbox.join("cargo-home");
    cargo(&sandbox, &home, &["build", "--offline"]);
    let ran = cargo(&sandbox, &home, &["test", "--offline"]);
    let passed = ran.stdout.matches(" ... ok\n").count();
    assert_eq!(passed, 5, "{}", ran.stdout);
    let binary = sandbox.join("target/debug/acme-web");
    let greeting = sandbox.run(Command::new(&binary).arg("Ada")).exits(0);
    assert_eq!(greeting.stdout, "Hello, Ada!\n");
    // The build adds no files, and the lock file is the one that cargo writes.
    assert_eq!(sandbox.git("cli", &["status", "--porcelain"]), "");
    sandbox.groundplan(["verify", "cli"]).exits(0);
}

#[test]
fn every_selection_has_the_selected_manifest_and_licence() {
    for edition in EDITIONS {
        for arguments in ARGUMENTS {
            for errors in ERRORS {
                for ((licence, expression), ci) in
                    LICENCES.into_iter().zip(["github", "forgejo", "none"])
                {
                    let sandbox = program(edition, arguments, errors, licence, ci);
                    let manifest: toml::Table = sandbox.read("cli/Cargo.toml").parse().unwrap();
                    let package = &manifest["package"];
                    assert_eq!(package["name"].as_str(), Some("acme-web"));
                    assert_eq!(package["edition"].as_str(), edition.strip_prefix("rust-"));
                    assert_eq!(package["license"].as_str(), Some(expression));
                    let dependencies = manifest["dependencies"].as_table().unwrap();
                    assert_eq!(dependencies.contains_key("clap"), arguments == "clap");
                    assert_eq!(dependencies.contains_key("anyhow"), errors == "anyhow");
                    let files = sandbox.files();
                    let licences = files.iter().filter(|file| file.starts_with("cli/LICENSE"));
                    assert_eq!(
                        licences.count(),
                        if licence == "mit-or-apache" { 2 } else { 1 }
                    );
                    for workflow in ["ci", "release"] {
                        let workflow = format!("cli/.{ci}/workflows/{workflow}.yml");
                        assert_eq!(files.contains(&workflow), ci != "none");
                    }
                    assert_locked(&sandbox, edition, dependencies);
                }
            }
        }
    }
}

/// Asserts that the lock file contains the dependencies of the manifest. An older cargo cannot read one.
fn assert_locked(sandbox: &Sandbox, edition: &str, dependencies: &toml::Table) {
    if edition == "rust-2021" {
        assert!(!sandbox.files().contains(&"cli/Cargo.lock".to_owned()));
        return;
    }
    let lock: toml::Table = sandbox.read("cli/Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let of = |name: &str| packages.iter().find(|it| it["name"].as_str() == Some(name));
    let own = of("acme-web").unwrap();
    let locked = own.get("dependencies").and_then(toml::Value::as_array);
    let locked = locked.into_iter().flatten().filter_map(toml::Value::as_str);
    let names: Vec<&str> = locked.collect();
    let expected: Vec<&str> = dependencies.keys().map(String::as_str).collect();
    assert_eq!(names, expected);
    assert!(names.iter().all(|name| of(name).is_some()));
}

/// Needs the crate registry: `cargo test --test integration -- --ignored every_program`.
#[test]
#[ignore = "downloads clap and anyhow, and builds eight programs"]
fn every_program_builds_and_passes_its_tests_and_clippy() {
    let home = std::env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo"),
        PathBuf::from,
    );
    for edition in EDITIONS {
        for arguments in ARGUMENTS {
            for errors in ERRORS {
                let sandbox = program(edition, arguments, errors, "mit", "none");
                cargo(&sandbox, &home, &["fmt", "--check"]);
                cargo(
                    &sandbox,
                    &home,
                    &["clippy", "--all-targets", "--", "-D", "warnings"],
                );
                cargo(&sandbox, &home, &["build"]);
                cargo(&sandbox, &home, &["test"]);
            }
        }
    }
}
