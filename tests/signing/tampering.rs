//! Missing and wrong signatures: `verify` exits with 1 and names the part.

use super::{
    NOTES, decoded, fingerprint, make, private, problems, public, sandbox, signed, verifies, verify,
};
use crate::support::Sandbox;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use groundplan::signing::allowed_signers::AllowedSigners;
use groundplan::signing::check::{self, StatementProblem};
use groundplan::signing::envelope::Envelope;
use groundplan::signing::key::SigningKey;
use serde_json::Value;

#[track_caller]
fn git(sandbox: &Sandbox, args: &[&str]) -> String {
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    sandbox.git("out", &[&author[..], args].concat())
}

/// The note of the first commit.
fn note(sandbox: &Sandbox) -> String {
    git(sandbox, &["notes", "--ref=groundplan", "show", "HEAD"])
}

/// Replaces the note of the first commit with exactly these bytes.
fn replace_note(sandbox: &Sandbox, bytes: &[u8]) {
    sandbox.write("note", bytes);
    let blob = git(sandbox, &["hash-object", "-w", "../note"]);
    let add = [
        "notes",
        "--ref=groundplan",
        "add",
        "-f",
        "-C",
        blob.trim(),
        "HEAD",
    ];
    git(sandbox, &add);
}

/// The note of `out`, with a statement that was changed and signed again by a key.
fn restated(sandbox: &Sandbox, seed: u8, change: impl FnOnce(&mut Envelope)) -> String {
    let mut envelope = Envelope::parse(note(sandbox).as_bytes()).unwrap();
    change(&mut envelope);
    let key = SigningKey::parse(private(seed).as_bytes()).unwrap();
    Envelope::sign(envelope.statement, &key).unwrap().to_text()
}

fn allowed() -> AllowedSigners {
    AllowedSigners::parse(format!("ada@example.org {}\n", public(1)).as_bytes()).unwrap()
}

#[test]
fn a_repository_without_signatures_is_not_verified() {
    let sandbox = sandbox();
    make(&sandbox, &["--into", "out"]).exits(0);
    verifies(
        &sandbox,
        1,
        "not signed the first commit: it has no signature\n",
    );
    verifies(
        &sandbox,
        1,
        "not signed the statement about it: `refs/notes/groundplan` has no note about it\n",
    );
    let json = verify(&sandbox, &["--format", "json"]).exits(1).json();
    assert_eq!(json["exact"], true);
    let plain = ["verify", "out", "--catalog", ".", "--format", "json"];
    let plain = sandbox.groundplan(plain).exits(0).json();
    assert_eq!(plain.get("signatures"), None);
}

#[test]
fn a_key_that_is_not_allowed_does_not_count() {
    let sandbox = sandbox();
    make(&sandbox, &["--signing-key", "eve", "--into", "out"]).exits(0);
    let eve = fingerprint(2);
    assert_eq!(
        problems(&sandbox),
        [
            format!("the key {eve} is not an allowed signer for `git`"),
            format!("the key {eve} is not an allowed signer for `groundplan`"),
        ]
        .map(Value::from)
    );
    // The right key for the other purpose alone.
    for (namespace, expected) in [("git", [true, false]), ("groundplan", [false, true])] {
        sandbox.write(
            "allowed",
            format!("eve namespaces=\"{namespace}\" {}\n", public(2)),
        );
        assert_eq!(
            problems(&sandbox).map(|problem| problem.is_null()),
            expected
        );
    }
    // One changed character of the key in the file: another key, or none.
    let line = format!("eve {}", public(2));
    sandbox.write("allowed", &line);
    verify(&sandbox, &[]).exits(0);
    let last = line.len() - 20;
    let other = if line.as_bytes()[last] == b'A' {
        "B"
    } else {
        "A"
    };
    sandbox.write(
        "allowed",
        format!("{}{other}{}", &line[..last], &line[last + 1..]),
    );
    assert_ne!(verify(&sandbox, &[]).code, 0);
}

#[test]
fn a_commit_that_was_changed_after_it_was_signed_is_found() {
    let sandbox = signed();
    let commit = git(&sandbox, &["cat-file", "commit", "HEAD"]);
    let message = commit.replace("Bootstrap Acme Web", "Bootstrap Acme Wob");
    // The first character of the last line of the signature.
    let end = commit.find("\n -----END").unwrap();
    let at = commit[..end].rfind("\n ").unwrap() + 2;
    let other = if commit[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    let signature = format!("{}{other}{}", &commit[..at], &commit[at + 1..]);
    for changed in [message, signature] {
        assert_ne!(changed, commit);
        sandbox.write("commit", &changed);
        let id = git(
            &sandbox,
            &["hash-object", "-t", "commit", "-w", "../commit"],
        );
        git(&sandbox, &["update-ref", "refs/heads/main", id.trim()]);
        let [commit_problem, statement] = problems(&sandbox);
        assert!(
            commit_problem
                == "the signature does not match: something was changed after it was signed"
                || commit_problem
                    .as_str()
                    .unwrap()
                    .starts_with("it is no SSH signature"),
            "{commit_problem}"
        );
        assert_eq!(statement, "`refs/notes/groundplan` has no note about it");
    }
}

#[test]
fn a_tree_that_was_changed_is_found_whoever_signs_it_again() {
    let sandbox = signed();
    let statement = note(&sandbox);
    sandbox.write("out/README.md", "changed\n");
    git(&sandbox, &["add", "-A"]);
    git(&sandbox, &["commit", "-q", "--amend", "--no-edit"]);
    let [commit, missing] = problems(&sandbox);
    assert_eq!(commit, "it has no signature");
    assert_eq!(missing, "`refs/notes/groundplan` has no note about it");
    // The old statement on the new commit.
    replace_note(&sandbox, statement.as_bytes());
    let [_, differs] = problems(&sandbox);
    assert_eq!(
        differs,
        "the statement differs from the repository in subject, tree, commit"
    );
}

#[test]
fn a_note_that_was_removed_or_replaced_is_found() {
    let sandbox = signed();
    let original = note(&sandbox);
    for (text, problem) in [
        ("\n".to_owned(), "it is no envelope of a statement: "),
        ("{}\n".to_owned(), "it is no envelope of a statement: "),
        (
            original.trim_end().to_owned(),
            "it is not written as groundplan writes it",
        ),
        (
            original.replace("application/vnd.in-toto+json", "text/plain"),
            "its type is `text/plain`",
        ),
        (
            original.replace(&fingerprint(1), &fingerprint(2)),
            "the envelope names the key",
        ),
        (restated(&sandbox, 2, |_| {}), "the key SHA256:"),
        (
            restated(&sandbox, 1, |envelope| {
                envelope.statement.predicate.catalog.name = "other".to_owned();
            }),
            "the statement differs from the repository in catalogue",
        ),
        (
            restated(&sandbox, 1, |envelope| {
                envelope.statement.subject[0].name = "eve/acme-web".to_owned();
            }),
            "the statement differs from the repository in subject",
        ),
    ] {
        replace_note(&sandbox, text.as_bytes());
        let [commit, statement] = problems(&sandbox);
        assert_eq!(commit, Value::Null);
        let statement = statement.as_str().unwrap();
        assert!(statement.starts_with(problem), "{statement}");
    }
    replace_note(&sandbox, original.as_bytes());
    verify(&sandbox, &[]).exits(0);
    git(&sandbox, &["update-ref", "-d", NOTES]);
    verifies(&sandbox, 1, "has no note about it");
}

#[test]
fn no_byte_of_a_note_can_change() {
    let sandbox = signed();
    let text = note(&sandbox);
    let expected = Envelope::parse(text.as_bytes()).unwrap().statement;
    let allowed = allowed();
    let check = |bytes: &[u8]| check::note(bytes, |_| expected.clone(), &allowed);
    assert!(check(text.as_bytes()).is_ok());
    for at in 0..text.len() {
        for bit in [0x01, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= bit;
            assert!(check(&bytes).is_err(), "byte {at}, bit {bit}");
        }
    }
    for end in 0..text.len() {
        assert!(check(&text.as_bytes()[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn no_field_of_a_statement_can_change_without_another_signature() {
    let sandbox = signed();
    let text = note(&sandbox);
    let envelope = Envelope::parse(text.as_bytes()).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let payload = decoded(&json["payload"]);
    let allowed = allowed();
    for (from, to) in [
        ("\"actor\":\"", "\"actor\":\"x"),
        ("\"run\":null", "\"run\":\"r1\""),
        ("acme/acme-web", "acme/acme-wob"),
    ] {
        let changed = payload.replacen(from, to, 1);
        assert_ne!(changed, payload);
        let mut json = json.clone();
        json["payload"] = STANDARD.encode(changed).into();
        // In the order of an envelope.
        let text = format!(
            "{{\"payloadType\":{},\"payload\":{},\"signatures\":{}}}\n",
            json["payloadType"], json["payload"], json["signatures"]
        );
        let problem = check::note(text.as_bytes(), |_| envelope.statement.clone(), &allowed);
        assert!(
            matches!(problem, Err(StatementProblem::Signature(_))),
            "{from}: {problem:?}"
        );
    }
}

#[test]
fn a_signature_for_commits_does_not_count_for_a_statement() {
    let sandbox = signed();
    let envelope = Envelope::parse(note(&sandbox).as_bytes()).unwrap();
    let signature = super::key(1)
        .sign("git", ssh_key::HashAlg::Sha512, &envelope.signed_bytes())
        .unwrap();
    let other = Envelope {
        signature: signature.to_pem(ssh_key::LineEnding::LF).unwrap(),
        ..envelope
    };
    replace_note(&sandbox, other.to_text().as_bytes());
    let [_, problem] = problems(&sandbox);
    assert_eq!(
        problem,
        "it is a signature for `git` instead of `groundplan`"
    );
}
