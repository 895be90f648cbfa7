//! Signed commits and statements: what git and ssh-keygen say of them, and what a changed byte does.

mod keys;
mod signatures;
mod tampering;
mod workers;

use crate::support::{Ran, Sandbox};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ssh_key::private::{Ed25519Keypair, PrivateKey};
use ssh_key::{HashAlg, LineEnding};
use std::io::Write as _;
use std::process::{Command, Stdio};

pub(crate) const NOTES: &str = "refs/notes/groundplan";

/// An Ed25519 key: the same for the same number.
pub(crate) fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

/// The text of its file.
pub(crate) fn private(seed: u8) -> String {
    key(seed).to_openssh(LineEnding::LF).unwrap().to_string()
}

/// The line of its public key.
pub(crate) fn public(seed: u8) -> String {
    key(seed).public_key().to_openssh().unwrap()
}

pub(crate) fn fingerprint(seed: u8) -> String {
    key(seed).fingerprint(HashAlg::Sha256).to_string()
}

/// The demo catalogue, two keys `ada` and `eve`, and a file that allows the first one.
pub(crate) fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    write_private(&sandbox, "ada", &private(1));
    write_private(&sandbox, "eve", &private(2));
    sandbox.write("allowed", format!("ada@example.org {}\n", public(1)));
    sandbox
}

/// A key file as ssh-keygen accepts it.
pub(crate) fn write_private(sandbox: &Sandbox, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    sandbox.write(name, text);
    let only_owner = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sandbox.join(name), only_owner).unwrap();
}

/// The same with the repository `out`, signed by the first key.
pub(crate) fn signed() -> Sandbox {
    let sandbox = sandbox();
    make(&sandbox, &["--signing-key", "ada", "--into", "out"]).exits(0);
    sandbox
}

#[track_caller]
pub(crate) fn make(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.make(&[&["--defaults"], more].concat())
}

/// Verifies the repository `out` against the allowed signers.
#[track_caller]
pub(crate) fn verify(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let args = ["verify", "out", "--catalog", "."];
    sandbox.groundplan(
        args.iter()
            .chain(&["--allowed-signers", "allowed"])
            .chain(more),
    )
}

/// The problems that `verify` has with the commit and the statement of `out`.
#[track_caller]
pub(crate) fn problems(sandbox: &Sandbox) -> [Value; 2] {
    let json = verify(sandbox, &["--format", "json"]).exits(1).json();
    ["commit", "statement"].map(|part| json["signatures"][part]["problem"].clone())
}

/// Asserts the exit code of `verify` and a part of its text.
#[track_caller]
pub(crate) fn verifies(sandbox: &Sandbox, code: i32, text: &str) {
    let ran = verify(sandbox, &[]).exits(code);
    assert!(ran.stdout.contains(text), "{text}\n{}", ran.stdout);
}

/// Runs git in `out` with the allowed signers.
#[track_caller]
pub(crate) fn git_verify(sandbox: &Sandbox, commit: &str) -> Ran {
    let allowed = format!(
        "gpg.ssh.allowedSignersFile={}",
        sandbox.join("allowed").display()
    );
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(sandbox.join("out"))
        .args(["-c", "gpg.format=ssh", "-c", &allowed])
        .args(["verify-commit", commit]);
    sandbox.run(&mut command)
}

/// True if the machine has ssh-keygen, which git needs to check a signature. The tests that need it pass without.
pub(crate) fn has_ssh_keygen() -> bool {
    Command::new("ssh-keygen").arg("-?").output().is_ok()
}

/// Runs `ssh-keygen -Y verify` for a message and a signature of the first key.
#[track_caller]
pub(crate) fn ssh_verify(
    sandbox: &Sandbox,
    namespace: &str,
    message: &[u8],
    signature: &str,
) -> bool {
    sandbox.write("message.sig", signature);
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "verify", "-f", "allowed", "-I", "ada@example.org"]);
    command.args(["-n", namespace, "-s", "message.sig"]);
    let mut child = sandbox
        .settle(&mut command)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(message).unwrap();
    child.wait().unwrap().success()
}

/// The envelope in the note of the first commit of `out`, as git shows it.
#[track_caller]
pub(crate) fn envelope(sandbox: &Sandbox) -> Value {
    let text = sandbox.git("out", &["notes", "--ref=groundplan", "show", "HEAD"]);
    serde_json::from_str(&text).unwrap()
}

/// A base64 field of an envelope.
#[track_caller]
pub(crate) fn decoded(value: &Value) -> String {
    String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap()
}
