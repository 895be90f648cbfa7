//! Keys and allowed signers: the ones that are accepted, and clear words for the others.

use super::{
    fingerprint, has_ssh_keygen, make, private, public, sandbox, signed, verify, write_private,
};
use groundplan::signing::allowed_signers::AllowedSigners;
use groundplan::signing::key::{SigningKey, SigningKeyError};
use proptest::prelude::*;
use std::process::Command;

#[test]
fn a_file_that_is_no_usable_key_is_refused_before_anything_is_written() {
    let sandbox = sandbox();
    let mut cases = vec![
        (
            "public",
            public(1),
            "it is a public key\nhint: name the private key",
        ),
        (
            "text",
            "hello\n".to_owned(),
            "it is no private key of OpenSSH\nhint: create a key with `ssh-keygen",
        ),
        ("empty", String::new(), "it is no private key of OpenSSH"),
        (
            "cut",
            private(1).lines().take(3).collect::<Vec<_>>().join("\n"),
            "it is no private key of OpenSSH",
        ),
    ];
    if has_ssh_keygen() {
        for (name, flags, said) in [
            (
                "encrypted",
                &["-t", "ed25519", "-N", "passphrase"][..],
                "it is encrypted with a passphrase\nhint: use a separate key for signing",
            ),
            (
                "rsa",
                &["-t", "rsa", "-b", "2048", "-N", ""],
                "keys of type `ssh-rsa` cannot sign here\nhint: use Ed25519 or ECDSA",
            ),
            (
                "p384",
                &["-t", "ecdsa", "-b", "384", "-N", ""],
                "keys of type `ecdsa-sha2-nistp384` cannot sign here",
            ),
        ] {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-f", "made"]).args(flags);
            sandbox.run(&mut keygen).exits(0);
            cases.push((name, sandbox.read("made"), said));
            std::fs::remove_file(sandbox.join("made")).unwrap();
        }
    }
    for (name, text, said) in cases {
        write_private(&sandbox, name, &text);
        let ran = make(&sandbox, &["--signing-key", name, "--into", "out"]).exits(2);
        let message = format!("error: invalid signing key in `{name}`: {said}");
        assert!(ran.stderr.contains(&message), "{}", ran.stderr);
        assert!(!sandbox.join("out").exists());
    }
    let ran = make(&sandbox, &["--signing-key", "none", "--into", "out"]).exits(3);
    assert!(ran.stderr.contains("`none`"), "{}", ran.stderr);
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.args(["preview", "--catalog", ".", "--defaults"]);
    command
        .args(crate::support::PRODUCT)
        .env("GROUNDPLAN_SIGNING_KEY", "secret words");
    let ran = sandbox.run(&mut command).exits(2);
    assert!(
        ran.stderr
            .contains("invalid signing key in GROUNDPLAN_SIGNING_KEY"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("secret words"), "{}", ran.stderr);
}

#[test]
fn a_file_of_allowed_signers_is_read_by_its_rules() {
    let sandbox = signed();
    let ada = public(1);
    for (file, code) in [
        (format!("# comment\n\nada@example.org {ada}\n"), 0),
        (
            format!("\"ada@example.org,*@example.org\" {ada} a comment\n"),
            0,
        ),
        (format!("* namespaces=\"git,groundplan\" {ada}"), 0),
        (format!("eve {}\r\nada\t{ada}\r\n", public(2)), 0),
        (format!("eve {}\n", public(2)), 1),
        (format!("ada namespaces=\"file\" {ada}"), 1),
    ] {
        sandbox.write("allowed", &file);
        verify(&sandbox, &[]).exits(code);
    }
    for (file, said) in [
        (String::new(), "it names no key"),
        ("# comment\n".to_owned(), "it names no key"),
        (ada.clone(), "line 1: expected `PRINCIPALS TYPE KEY`"),
        (
            format!("\nada {}", &ada[..40]),
            "line 2: expected `PRINCIPALS TYPE KEY`",
        ),
        (
            format!("ada cert-authority {ada}"),
            "line 1: option `cert-authority` is not supported",
        ),
        (
            format!("ada valid-after=\"20260101\" {ada}"),
            "line 1: option `valid-after` is not supported",
        ),
        (
            format!("ada namespaces=\"git\",valid-before=\"20260101\" {ada}"),
            "line 1: option `valid-before` is not supported",
        ),
        (
            format!("ada namespaces=\"git*\" {ada}"),
            "line 1: a pattern with `*`, `?` or `!` is not supported in `namespaces`",
        ),
    ] {
        sandbox.write("allowed", &file);
        let ran = verify(&sandbox, &[]).exits(2);
        let message = format!("cannot use the allowed signers in `allowed`: {said}");
        assert!(ran.stderr.contains(&message), "{file}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: write "), "{}", ran.stderr);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_key_is_read_whatever_line_ends_surround_it(seed: u8, before in "[ \r\n]{0,4}", after in "[ \r\n]{0,4}", crlf: bool) {
        let text = private(seed);
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let key = SigningKey::parse(format!("{before}{text}{after}").as_bytes()).unwrap();
        prop_assert_eq!(key.fingerprint(), fingerprint(seed));
        prop_assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }

    #[test]
    fn a_damaged_key_is_refused_or_still_the_same(seed: u8, at: prop::sample::Index, bit in 0..7u32) {
        let mut text = private(seed).into_bytes();
        let at = at.index(text.len());
        text[at] ^= 1 << bit;
        match SigningKey::parse(&text) {
            // The comment and the padding are no part of the key.
            Ok(key) => prop_assert_eq!(key.fingerprint(), fingerprint(seed)),
            Err(error) => prop_assert!(
                matches!(error, SigningKeyError::Format | SigningKeyError::Encrypted),
                "{error}"
            ),
        }
    }

    #[test]
    fn any_bytes_are_refused_as_a_key_and_as_allowed_signers(bytes: Vec<u8>) {
        prop_assert!(SigningKey::parse(&bytes).is_err());
        prop_assert!(AllowedSigners::parse(&bytes).is_err());
    }

    #[test]
    fn any_options_before_a_key_are_followed_or_refused(options in r#"[a-z=",*! -]{0,20}"#) {
        let line = format!("ada {options} {}", public(1));
        if let Ok(signers) = AllowedSigners::parse(line.as_bytes()) {
            let key = super::key(1);
            let is_allowed = signers
                .principals(key.public_key().key_data(), groundplan::signing::Namespace::Git)
                .is_some();
            prop_assert_eq!(is_allowed, options.trim().is_empty());
        }
    }
}
