//! Valid signatures: git, ssh-keygen and `verify` agree, and the ids are those that a preview promised.

use super::{
    NOTES, decoded, envelope, fingerprint, git_verify, has_ssh_keygen, make, sandbox, signed,
    ssh_verify, verifies, verify,
};
use crate::support::Sandbox;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// The commit without its signature, and the signature.
fn payload(sandbox: &Sandbox) -> (String, String) {
    let commit = sandbox.git("out", &["cat-file", "commit", "HEAD"]);
    let (headers, message) = commit.split_once("\n\n").unwrap();
    let (before, signature) = headers.split_once("\ngpgsig ").unwrap();
    (
        format!("{before}\n\n{message}"),
        format!("{}\n", signature.replace("\n ", "\n")),
    )
}

#[test]
fn git_and_ssh_keygen_accept_commit_and_statement() {
    let sandbox = signed();
    verifies(
        &sandbox,
        0,
        &format!(
            "signed the first commit, by ada@example.org (ssh-ed25519 {})\n",
            fingerprint(1)
        ),
    );
    verifies(
        &sandbox,
        0,
        "signed the statement about it, by ada@example.org",
    );
    if !has_ssh_keygen() {
        return;
    }
    let ran = git_verify(&sandbox, "HEAD").exits(0);
    assert!(
        ran.stderr
            .contains("Good \"git\" signature for ada@example.org"),
        "{}",
        ran.stderr
    );
    let (commit, signature) = payload(&sandbox);
    assert!(ssh_verify(&sandbox, "git", commit.as_bytes(), &signature));
    assert!(!ssh_verify(
        &sandbox,
        "git",
        format!("{commit} ").as_bytes(),
        &signature
    ));

    let envelope = envelope(&sandbox);
    let statement = decoded(&envelope["payload"]);
    let kind = envelope["payloadType"].as_str().unwrap();
    let message = format!(
        "DSSEv1 {} {kind} {} {statement}",
        kind.len(),
        statement.len()
    );
    let signature = decoded(&envelope["signatures"][0]["sig"]);
    assert!(ssh_verify(
        &sandbox,
        "groundplan",
        message.as_bytes(),
        &signature
    ));
    assert!(!ssh_verify(&sandbox, "git", message.as_bytes(), &signature));
    assert!(!ssh_verify(
        &sandbox,
        "groundplan",
        statement.as_bytes(),
        &signature
    ));
}

#[test]
fn the_statement_names_the_sources_of_the_commit() {
    let sandbox = signed();
    let statement: Value = serde_json::from_str(&decoded(&envelope(&sandbox)["payload"])).unwrap();
    let provenance: Value =
        serde_json::from_str(&sandbox.read("out/.scrum4me/bootstrap.json")).unwrap();
    let (tree, commit) = (
        sandbox.git_id("out", "HEAD^{tree}"),
        sandbox.git_id("out", "HEAD"),
    );
    let predicate = &statement["predicate"];
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "urn:groundplan:provenance:v1");
    assert_eq!(
        statement["subject"],
        json!([{ "name": "acme/acme-web", "digest": { "gitCommit": commit.as_str(), "gitTree": tree.as_str() } }])
    );
    assert_eq!(predicate["template"], provenance["template"]);
    assert_eq!(
        predicate["catalog"],
        json!({ "name": "demo", "version": provenance["catalog_version"] })
    );
    assert_eq!(predicate["recipe"], provenance["recipe_hash"]);
    assert_eq!(predicate["tree"], tree.as_str());
    assert_eq!(predicate["commit"], commit.as_str());
    assert_eq!(predicate["run"], Value::Null);
    let author = sandbox.git("out", &["log", "-1", "--format=%an <%ae>"]);
    assert_eq!(predicate["actor"], author.trim());
    let ran = make(
        &sandbox,
        &[
            "--signing-key",
            "ada",
            "--into",
            "other",
            "--format",
            "json",
        ],
    );
    assert_eq!(predicate["plan"], ran.exits(0).json()["report"]["planHash"]);
}

#[test]
fn a_preview_with_the_key_promises_the_signed_commit_and_one_without_promises_its_content() {
    let sandbox = sandbox();
    let preview = |more: &[&str]| {
        let args = [&["--defaults", "--format", "json"], more].concat();
        sandbox.preview(&args).exits(0).json()
    };
    let (plain, with_key) = (preview(&[]), preview(&["--signing-key", "ada"]));
    assert_eq!(plain["treeId"], with_key["treeId"]);
    assert_ne!(plain["commitId"], with_key["commitId"]);
    assert_ne!(
        with_key["commitId"],
        preview(&["--signing-key", "eve"])["commitId"]
    );

    let tree = plain["treeId"].as_str().unwrap();
    let args = ["--signing-key", "ada", "--expect", tree, "--format", "json"];
    let made = make(&sandbox, &[&args[..], &["--into", "out"]].concat())
        .exits(0)
        .json();
    assert_eq!(made["commitId"], with_key["commitId"]);
    assert_eq!(
        made["signedBy"],
        json!({ "algorithm": "ssh-ed25519", "fingerprint": fingerprint(1) })
    );
    sandbox.write("payload", payload(&sandbox).0);
    let payload_id = sandbox.git("out", &["hash-object", "-t", "commit", "../payload"]);
    assert_eq!(plain["commitId"], payload_id.trim());

    // The author, date and message are those of the plan.
    let verified = verify(&sandbox, &["--format", "json"]).exits(0).json();
    assert_eq!(verified["sameCommit"], true);
    assert_eq!(verified["expected"]["commitId"], plain["commitId"]);
    assert_eq!(verified["found"]["commitId"], with_key["commitId"]);
    assert_eq!(
        verified["signatures"]["stated"]["predicate"]["commit"],
        with_key["commitId"]
    );
}

#[test]
fn a_command_of_a_preview_names_the_key_and_creates_the_same_commit() {
    let sandbox = sandbox();
    let ran = sandbox
        .preview(&["--defaults", "--signing-key", "ada"])
        .exits(0);
    let command = ran
        .stdout
        .split("Create exactly this with:\n")
        .nth(1)
        .unwrap();
    assert!(command.contains("--signing-key ada"), "{command}");
    let promised = ran.stdout.split("Commit: ").nth(1).unwrap();
    let args = shlex::split(command).unwrap();
    let ran = sandbox.groundplan(&args[1..]).exits(0);
    assert!(
        ran.stdout.contains(&format!(
            "Signed: ssh-ed25519 {}, with a statement in {NOTES}\n",
            fingerprint(1)
        )),
        "{}",
        ran.stdout
    );
    let created = sandbox.git_id("acme-web", "HEAD");
    assert_eq!(promised.split_whitespace().next(), Some(created.as_str()));
}

#[test]
fn every_layout_is_signed_and_the_key_may_come_from_the_environment() {
    let sandbox = sandbox();
    sandbox.git(".", &["init", "-q", "-b", "trunk", "clone"]);
    sandbox.git(
        "clone",
        &["remote", "add", "origin", "https://example.org/x.git"],
    );
    let mut commits = Vec::new();
    let layouts: [(&str, &[&str]); 4] = [
        ("out", &[]),
        ("bare", &["--bare"]),
        ("shared", &["--bare", "--shared"]),
        ("clone", &[]),
    ];
    for (folder, flags) in layouts {
        let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
        command
            .args(["new", "--catalog", ".", "--defaults", "--into", folder])
            .args(crate::support::PRODUCT)
            .args(flags)
            // Without its last line end, as variables often are; an empty name of a file counts as none.
            .env("GROUNDPLAN_SIGNING_KEY", super::private(1).trim_end())
            .env("GROUNDPLAN_SIGNING_KEY_FILE", "");
        sandbox.run(&mut command).exits(0);
        let args = [
            "verify",
            folder,
            "--catalog",
            ".",
            "--allowed-signers",
            "allowed",
        ];
        let ran = sandbox.groundplan(args).exits(0);
        assert!(
            ran.stdout.contains("signed the statement"),
            "{}",
            ran.stdout
        );
        commits.push((
            sandbox.git_id(folder, "HEAD"),
            sandbox.git_id(folder, NOTES),
        ));
        sandbox.git(folder, &["fsck", "--strict"]);
    }
    assert!(commits.iter().all(|ids| *ids == commits[0]), "{commits:?}");
    let log = sandbox.git("clone", &["log", "-1", "--format=%D", "HEAD"]);
    assert!(log.contains("HEAD -> trunk"), "{log}");
}

#[test]
fn a_clone_has_no_notes_until_they_are_fetched() {
    let sandbox = signed();
    fs::rename(sandbox.join("out"), sandbox.join("origin")).unwrap();
    sandbox.git(".", &["clone", "-q", "origin", "out"]);
    verifies(
        &sandbox,
        1,
        "not signed the statement about it: `refs/notes/groundplan` has no note about it\n       a clone has no notes: `git fetch origin refs/notes/groundplan:refs/notes/groundplan`\n",
    );
    let refspec = format!("{NOTES}:{NOTES}");
    sandbox.git("out", &["fetch", "-q", "origin", &refspec]);
    verifies(
        &sandbox,
        0,
        "signed the statement about it, by ada@example.org",
    );
    // Further commits and further notes of the user change nothing, also once git has made folders of them.
    sandbox.write("out/own.txt", "own\n");
    sandbox.commit("out");
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    let note = ["notes", "--ref=groundplan", "add", "-m", "mine", "HEAD"];
    sandbox.git("out", &[&author[..], &note].concat());
    verifies(
        &sandbox,
        0,
        "signed the statement about it, by ada@example.org",
    );
    fold_notes(&sandbox);
    verifies(
        &sandbox,
        0,
        "signed the statement about it, by ada@example.org",
    );
}

/// Moves each note into a folder named by the first two digits of its commit.
fn fold_notes(sandbox: &Sandbox) {
    let listed = sandbox.git("out", &["ls-tree", "-r", NOTES]);
    let mut folded = String::new();
    for line in listed.lines() {
        let (entry, name) = line.split_once('\t').unwrap();
        let (folder, name) = name.split_at(2);
        folded.extend([entry, "\t", folder, "/", name, "\n"]);
    }
    sandbox.write("notes", folded);
    let index = sandbox.join("notes-index");
    let git = |args: &[&str], stdin: Option<&str>| {
        let mut command = Command::new("git");
        command.arg("-C").arg(sandbox.join("out")).args(args);
        command.env("GIT_INDEX_FILE", &index);
        sandbox.settle(&mut command);
        if let Some(file) = stdin {
            command.stdin(fs::File::open(sandbox.join(file)).unwrap());
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["update-index", "--index-info"], Some("notes"));
    let tree = git(&["write-tree"], None);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    let commit = git(
        &[&author[..], &["commit-tree", "-m", "fold", &tree]].concat(),
        None,
    );
    git(&["update-ref", NOTES, &commit], None);
}

#[test]
fn a_key_of_another_type_signs_the_same_commit_each_time() {
    if !has_ssh_keygen() {
        return;
    }
    let sandbox = sandbox();
    let mut keygen = Command::new("ssh-keygen");
    keygen.args([
        "-q", "-t", "ecdsa", "-b", "256", "-N", "", "-C", "", "-f", "p256",
    ]);
    sandbox.run(&mut keygen).exits(0);
    let line = format!(
        "ada@example.org namespaces=\"git,groundplan\" {}",
        sandbox.read("p256.pub")
    );
    sandbox.write("allowed", line);
    let args = ["--signing-key", "p256", "--into"];
    make(&sandbox, &[&args[..], &["out"]].concat()).exits(0);
    make(&sandbox, &[&args[..], &["again"]].concat()).exits(0);
    assert_eq!(sandbox.git_id("out", NOTES), sandbox.git_id("again", NOTES));
    verifies(
        &sandbox,
        0,
        "signed the first commit, by ada@example.org (ecdsa-sha2-nistp256",
    );
    git_verify(&sandbox, "HEAD").exits(0);
}

#[test]
fn an_update_is_signed_by_its_key_and_the_first_commit_stays_valid() {
    let sandbox = signed();
    let template = "catalog/demo/template/README.md";
    sandbox.write(template, format!("{}\nmore\n", sandbox.read(template)));
    let catalog = sandbox.read("catalog/demo/catalog.yaml");
    sandbox.write(
        "catalog/demo/catalog.yaml",
        catalog.replace("version: v1", "version: v2"),
    );
    let update = ["update", "out", "--catalog", ".", "--into-branch", "next"];
    let signing = ["--signing-key", "ada", "--date", "2026-11-22"];
    sandbox.groundplan(update.iter().chain(&signing)).exits(0);
    let commit = sandbox.git("out", &["cat-file", "commit", "next"]);
    assert!(
        commit.contains("\ngpgsig -----BEGIN SSH SIGNATURE-----\n"),
        "{commit}"
    );
    if has_ssh_keygen() {
        git_verify(&sandbox, "next").exits(0);
    }
}
