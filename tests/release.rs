//! The release script: its files are complete, fit together and are the same in every folder; a wrong release is refused.
#![cfg(target_os = "linux")]

use crate::support::{Ran, Sandbox};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Packs a few bytes that call the tested program. The name of a glibc symbol is for the dependencies of the package.
fn release(into: &Sandbox) -> Ran {
    let program = env!("CARGO_BIN_EXE_groundplan");
    into.write(
        "program",
        format!("#!/bin/sh\n# GLIBC_2.17 GLIBC_2.36 GLIBC_2.9\nexec {program} \"$@\"\n"),
    );
    into.make_executable("program");
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/release.sh"));
    command
        .arg("--program")
        .arg(into.join("program"))
        .arg("--into")
        .arg(into.join("release"))
        .arg(VERSION)
        .env("CARGO_NET_OFFLINE", "true")
        // cargo and rustup keep their files there.
        .env("HOME", std::env::var_os("HOME").unwrap());
    into.run(&mut command)
}

/// The files of a release by their names, without the name of the target.
fn files(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(sandbox.join("release"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn run(sandbox: &Sandbox, folder: &str, program: &str, args: &[&str]) -> String {
    let mut command = Command::new("env");
    command.arg("-C").arg(sandbox.join(folder)).arg(program);
    let ran = sandbox.run(command.args(args));
    assert_eq!(ran.code, 0, "{program} {args:?}: {}", ran.stderr);
    ran.stdout
}

/// The commands of the program, from its help.
fn commands(sandbox: &Sandbox) -> BTreeSet<String> {
    let help = sandbox.groundplan(["--help"]).exits(0).stdout;
    let list = help.split("Commands:\n").nth(1).unwrap();
    let names = list.lines().take_while(|line| !line.is_empty());
    names
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_release_is_complete_and_the_same_in_every_folder() {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    let ran = release(&one).exits(0);
    assert!(
        ran.stderr.contains("image    skipped: a program was given"),
        "{}",
        ran.stderr
    );
    check_archive(&one);
    check_package(&one);
    check_sbom(&one);
    let notes = one.read("release/notes.md");
    assert!(notes.contains("### Added"), "{notes}");

    fs::create_dir(other.join("release")).unwrap();
    let program = fs::read(one.join("program")).unwrap();
    release(&other).exits(0);
    assert_eq!(program, fs::read(other.join("program")).unwrap());
    assert!(files(&one) == files(&other), "the bytes differ");
}

fn check_archive(sandbox: &Sandbox) {
    let sums = run(sandbox, "release", "sha256sum", &["--check", "SHA256SUMS"]);
    assert_eq!(sums.lines().count(), files(sandbox).len() - 2, "{sums}");
    let name = files(sandbox)
        .into_iter()
        .find_map(|(name, _)| name.strip_suffix(".tar.gz").map(str::to_owned))
        .unwrap();
    assert!(
        name.starts_with(&format!("groundplan-{VERSION}-")),
        "{name}"
    );
    run(
        sandbox,
        ".",
        "tar",
        &["-xzf", &format!("release/{name}.tar.gz")],
    );
    let man = |command: &str| format!("{name}/man/groundplan-{command}.1");
    let pages = commands(sandbox);
    assert!(pages.contains("new") && pages.len() > 30, "{pages:?}");
    for command in &pages {
        let page = sandbox.read(&man(command));
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
    }
    let found = fs::read_dir(sandbox.join(&name).join("man"))
        .unwrap()
        .count();
    assert_eq!(found, pages.len() + 1, "one page is that of the program");
    let version = run(sandbox, &name, "./groundplan", &["--version"]);
    assert_eq!(version, format!("groundplan {VERSION}\n"));
    let completion = sandbox.read(&format!("{name}/completions/groundplan"));
    assert!(completion.contains("complete"), "{completion}");
    for file in [
        "completions/_groundplan",
        "completions/groundplan.fish",
        "groundplan.service",
    ] {
        assert!(
            !sandbox.read(&format!("{name}/{file}")).is_empty(),
            "{file}"
        );
    }
    let licences = sandbox.read(&format!("{name}/THIRD-PARTY-LICENSES.txt"));
    for text in [
        "serde_json ",
        "Permission is hereby granted",
        "SQLite is in the public domain",
    ] {
        assert!(licences.contains(text), "{text}");
    }
}

/// Passes without a check if dpkg-deb is not installed.
fn check_package(sandbox: &Sandbox) {
    let Some((name, _)) = files(sandbox).into_iter().find(|(name, _)| {
        Path::new(name)
            .extension()
            .is_some_and(|ending| ending == "deb")
    }) else {
        assert!(Command::new("dpkg-deb").arg("--version").output().is_err());
        return;
    };
    let field = |field: &str| {
        run(sandbox, "release", "dpkg-deb", &["--field", &name, field])
            .trim()
            .to_owned()
    };
    assert_eq!(field("Version"), VERSION);
    assert_eq!(
        field("Depends"),
        "libc6 (>= 2.36), libgcc-s1, git (>= 1:2.31), ca-certificates"
    );
    run(
        sandbox,
        ".",
        "dpkg-deb",
        &["--extract", &format!("release/{name}"), "root"],
    );
    for file in [
        "usr/bin/groundplan",
        "usr/share/bash-completion/completions/groundplan",
        "usr/share/man/man1/groundplan-new.1.gz",
        "usr/share/doc/groundplan/copyright",
        "usr/share/doc/groundplan/THIRD-PARTY-LICENSES.txt.gz",
    ] {
        assert!(sandbox.join("root").join(file).is_file(), "{file}");
    }
    let unit = sandbox.read("root/usr/lib/systemd/system/groundplan.service");
    assert!(
        unit.contains("ExecStart=/usr/bin/groundplan work "),
        "{unit}"
    );
}

fn check_sbom(sandbox: &Sandbox) {
    let (_, text) = files(sandbox)
        .into_iter()
        .find(|(name, _)| name.ends_with(".cdx.json"))
        .unwrap();
    let sbom: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(sbom["bomFormat"], "CycloneDX");
    assert_eq!(sbom["metadata"]["component"]["version"], VERSION);
    let components = sbom["components"].as_array().unwrap();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for component in components {
        let name = component["bom-ref"].as_str().unwrap();
        assert!(known.insert(name), "{name} is listed twice");
        let licence = component["licenses"][0]["expression"].as_str().unwrap();
        spdx::Expression::parse(licence).unwrap_or_else(|error| panic!("{name}: {error}"));
        let digest = component["hashes"][0]["content"].as_str().unwrap();
        assert_eq!(digest.len(), 64, "{name}");
    }
    for name in ["serde", "sqlx", "gix", "rustls"] {
        let start = format!("pkg:cargo/{name}@");
        assert!(
            known.iter().any(|found| found.starts_with(&start)),
            "{name}"
        );
    }
    assert!(
        !known
            .iter()
            .any(|name| name.starts_with("pkg:cargo/proptest@")),
        "a dependency of tests is not part of the program"
    );
    let own = format!("pkg:cargo/groundplan@{VERSION}");
    known.insert(&own);
    let dependencies = sbom["dependencies"].as_array().unwrap();
    assert_eq!(dependencies.len(), known.len());
    for dependency in dependencies {
        for needed in dependency["dependsOn"].as_array().unwrap() {
            assert!(known.contains(needed.as_str().unwrap()), "{needed}");
        }
    }
}

/// A repository with what the script reads before it builds, at one released commit.
fn released() -> Sandbox {
    let sandbox = Sandbox::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in [
        "packaging/release.sh",
        "schema/action.sha256",
        "src/model/action.rs",
    ] {
        sandbox.write(
            &format!("project/{file}"),
            fs::read(root.join(file)).unwrap(),
        );
    }
    sandbox.make_executable("project/packaging/release.sh");
    sandbox.write(
        "project/Cargo.toml",
        "[package]\nname = \"x\"\nversion = \"0.2.0\"\n",
    );
    sandbox.write("project/CHANGELOG.md", "## Unreleased\n\nnothing\n");
    sandbox.commit("project");
    sandbox.git("project", &["tag", "v0.1.0"]);
    sandbox
}

#[track_caller]
fn refused(sandbox: &Sandbox, args: &[&str]) -> String {
    let mut command = Command::new(sandbox.join("project/packaging/release.sh"));
    let ran = sandbox.run(command.args(args)).exits(1);
    assert!(!sandbox.join("project/target").exists());
    ran.stderr
}

#[test]
fn another_version_than_that_of_the_manifest_is_refused() {
    let message = refused(&released(), &["0.3.0"]);
    assert!(
        message.starts_with("error: the version is 0.2.0 in Cargo.toml, not 0.3.0\nhint: "),
        "{message}"
    );
}

#[test]
fn a_changed_schema_of_actions_stops_the_release_unless_its_version_is_new() {
    let sandbox = released();
    sandbox.write("project/schema/action.sha256", "0000\n");
    sandbox.commit("project");
    let message = refused(&sandbox, &["0.2.0"]);
    assert!(
        message.starts_with(
            "error: the schema of actions differs from v0.1.0, and its version does not\nhint: "
        ),
        "{message}"
    );
    let action = sandbox.read("project/src/model/action.rs");
    let line = |version: u32| format!("pub const ACTION_SCHEMA_VERSION: u32 = {version};");
    let newer = action.replace(&line(1), &line(2));
    assert_ne!(newer, action);
    sandbox.write("project/src/model/action.rs", newer);
    // The next check stops it: the folder is not one of a release.
    let into = sandbox.join("project/src");
    let message = refused(&sandbox, &["--into", into.to_str().unwrap(), "0.2.0"]);
    assert!(
        message.starts_with("schema   compatible with v0.1.0\n"),
        "{message}"
    );
}

#[test]
fn only_a_commit_is_published_and_no_other_folder_is_emptied() {
    let sandbox = released();
    sandbox.write("project/CHANGELOG.md", "edited\n");
    let message = refused(&sandbox, &["--publish", "0.2.0"]);
    assert!(
        message.starts_with("error: the work tree has changes\n"),
        "{message}"
    );
    let into = sandbox.join("project/src");
    let message = refused(&sandbox, &["--into", into.to_str().unwrap(), "0.2.0"]);
    assert!(
        message.contains("is not empty and contains no release"),
        "{message}"
    );
    assert!(sandbox.join("project/src/model/action.rs").exists());
}
