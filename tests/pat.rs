//! `groundplan pat`: tokens are encrypted for their owner, tested against their forge, and never printed.

use crate::forge::fake::{Dialect, Fake, Fault, TOKEN};
use crate::preflight::shows_no_token;
use crate::support::jobs::wait;
use crate::support::postgres::open;
use crate::support::{Ran, Sandbox};
use groundplan::base::clock::{Clock as _, SystemClock};
use groundplan::pat::key::Key;
use groundplan::pat::sealed::{Binding, Opener};
use groundplan::store::id::UserId;
use groundplan::store::sql::users::User;
use serde_json::json;
use std::io::Write as _;
use std::process::{Command, Stdio};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const ENCRYPT: [&str; 6] = ["pat", "encrypt", "--owner-id", "7", "--host", "127.0.0.1"];
/// Variables and their values.
type Settings<'s> = &'s [(&'s str, &'s str)];

const SEALED: [&str; 3] = ["--sealed", "--owner-id", "7"];

/// Runs the program with settings and something on its standard input, and looks for the token afterwards.
#[track_caller]
fn pat(args: &[&str], settings: Settings<'_>, input: &str) -> Ran {
    let sandbox = Sandbox::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.args(args).envs(settings.iter().copied());
    let command = sandbox.settle(&mut command);
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    // A program that refuses before it reads closes the pipe, which is its right.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let ran = Ran::from(child.wait_with_output().unwrap());
    shows_no_token(&ran);
    for stream in [&ran.stdout, &ran.stderr] {
        assert!(!stream.contains("AAECAwQF"), "{stream}");
    }
    ran
}

#[track_caller]
fn encrypt(key: &str) -> String {
    let ran = pat(&ENCRYPT, &[("BOOTSTRAP_ENCRYPTION_KEY", key)], TOKEN);
    ran.exits(0).stdout
}

#[track_caller]
fn test(fake: &Fake, more: &[&str], settings: Settings<'_>, input: &str) -> Ran {
    let address = fake.address();
    let forge = match fake.dialect {
        Dialect::GitHub => "github",
        Dialect::Forgejo => "forgejo",
    };
    let args = ["pat", "test", "--forge", forge, "--forge-url", &address];
    pat(&[&args, more].concat(), settings, input)
}

#[test]
fn a_token_is_sealed_from_standard_input_or_the_environment() {
    let key = ("BOOTSTRAP_ENCRYPTION_KEY", KEY);
    let variable = ("GROUNDPLAN_FORGE_TOKEN", TOKEN);
    let line = format!("{TOKEN}\n");
    for (settings, input) in [
        (&[key][..], line.as_str()),
        (&[key, variable], ""),
        (&[key, variable], &line),
    ] {
        let sealed = pat(&ENCRYPT, settings, input).exits(0).stdout;
        assert!(
            sealed.starts_with("v1:") && sealed.ends_with('\n'),
            "{sealed}"
        );
    }
    assert_ne!(encrypt(KEY), encrypt(KEY));
}

#[test]
fn a_process_with_a_secret_leaves_no_core_file() {
    let sandbox = Sandbox::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundplan"));
    command.args(["pat", "encrypt", "--owner-id", "7", "--host", "127.0.0.1"]);
    command.env("BOOTSTRAP_ENCRYPTION_KEY", KEY);
    let command = sandbox.settle(&mut command);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // More than a pipe holds: once it is written, the program is reading.
    let mut input = child.stdin.take().unwrap();
    let refused = input.write_all(&vec![b'x'; 128 * 1024]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id()));
    drop((refused, input));
    child.wait().unwrap();
    // The program may have ended already: it reads only so much.
    if let Ok(limits) = limits.as_deref()
        && let Some(line) = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[4..6], ["0", "0"], "{line}");
    }
}

#[test]
fn an_invalid_token_is_refused_with_a_hint() {
    let key = [("BOOTSTRAP_ENCRYPTION_KEY", KEY)];
    let fine_grained = format!("github_pat_canary{}", "a".repeat(70));
    let other = [
        key[0],
        ("GROUNDPLAN_FORGE_TOKEN", "ghp_canary-of-another-one"),
    ];
    let cases: [(Settings<'_>, &str, i32, &str); 8] = [
        (&key, "", 2, "no token"),
        (&key, "ghp_canary", 2, "shorter than 20 characters"),
        (
            &key,
            &fine_grained,
            1,
            "fine-grained tokens are not supported",
        ),
        (&key, &"canary".repeat(2000), 2, "more than 8192 bytes"),
        (&other, TOKEN, 2, "different tokens"),
        (&[], TOKEN, 2, "openssl rand -base64 32"),
        (
            &[("BOOTSTRAP_ENCRYPTION_KEY", "AAECAwQF")],
            TOKEN,
            2,
            "8 characters, fewer than 32",
        ),
        (
            &[("BOOTSTRAP_ENCRYPTION_KEY", "canary")],
            TOKEN,
            2,
            "openssl rand -base64 32",
        ),
    ];
    for (settings, input, code, said) in cases {
        let ran = pat(&ENCRYPT, settings, input).exits(code);
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
    for host in ["https://github.com", "github.com/acme", ""] {
        let args = ["pat", "encrypt", "--owner-id", "7", "--host", host];
        pat(&args, &key, TOKEN).exits(2);
    }
}

#[test]
fn a_test_shows_owner_and_scopes_of_the_token() {
    let fake = Fake::start(Dialect::GitHub);
    let ran = test(&fake, &[], &[], TOKEN).exits(0);
    assert_eq!(
        ran.stdout,
        "login    jane\nscopes   delete_repo, repo, workflow\nexpires  2027-01-15T08:00:00Z\n"
    );
    let from_environment = [("GROUNDPLAN_FORGE_TOKEN", TOKEN)];
    let json = test(&fake, &["--format", "json"], &from_environment, "");
    let mut json = json.exits(0).json();
    assert!(json["checkedAt"].take().is_string());
    assert_eq!(
        json,
        json!({
            "checkedAt": null,
            "kind": "github",
            "host": "127.0.0.1",
            "login": "jane",
            "scopes": ["delete_repo", "repo", "workflow"],
            "expiresAt": "2027-01-15T08:00:00Z",
            "organisations": ["acme", "closed"],
            "usable": true,
            "sealAgain": false,
        })
    );
    let forgejo = Fake::start(Dialect::Forgejo);
    let ran = test(&forgejo, &[], &[], TOKEN).exits(0);
    assert_eq!(
        ran.stdout,
        "login    jane\nscopes   the forge does not say\nexpires  no expiry date\n"
    );
}

#[test]
fn unusable_tokens_have_their_exit_codes() {
    let fake = Fake::start(Dialect::GitHub);
    fake.state().scopes = "public_repo, workflow";
    let ran = test(&fake, &["--format", "json"], &[], TOKEN).exits(1);
    assert_eq!(ran.json()["usable"], false);
    assert!(
        ran.stderr.contains("lacks the scope `repo`"),
        "{}",
        ran.stderr
    );
    let ran = test(&fake, &[], &[], "ghp_another0123456789").exits(4);
    assert!(
        ran.stderr.contains("the forge rejects the token"),
        "{}",
        ran.stderr
    );
    let calls = fake.state().calls.len();
    let fine_grained = format!("github_pat_{}", "a".repeat(82));
    let ran = test(&fake, &[], &[], &fine_grained).exits(1);
    assert!(
        ran.stderr.contains(
            "fine-grained tokens are not supported: use a classic token with the scope `repo`"
        ),
        "{}",
        ran.stderr
    );
    test(&fake, &[], &[], "").exits(2);
    pat(
        &["pat", "test", "--forge", "local", "--forge-url", "."],
        &[],
        TOKEN,
    )
    .exits(2);
    assert_eq!(fake.state().calls.len(), calls);
    fake.state().fault = Some((0, Fault::TooMany, usize::MAX));
    test(&fake, &[], &[], TOKEN).exits(3);
}

#[test]
fn a_stored_token_is_opened_for_its_owner_and_its_forge_only() {
    let fake = Fake::start(Dialect::GitHub);
    let key = [("BOOTSTRAP_ENCRYPTION_KEY", KEY)];
    let sealed = encrypt(KEY);
    let ran = test(&fake, &SEALED, &key, &sealed).exits(0);
    assert!(ran.stdout.starts_with("login    jane\n"), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
    let calls = fake.state().calls.len();
    test(&fake, &["--sealed", "--owner-id", "8"], &key, &sealed).exits(1);
    let args = ["pat", "encrypt", "--owner-id", "7", "--host", "github.com"];
    let elsewhere = pat(&args, &key, TOKEN).exits(0).stdout;
    test(&fake, &SEALED, &key, &elsewhere).exits(1);
    test(&fake, &SEALED, &key, TOKEN).exits(1);
    test(
        &fake,
        &SEALED,
        &[("BOOTSTRAP_ENCRYPTION_KEY", OTHER_KEY)],
        &sealed,
    )
    .exits(1);
    test(&fake, &SEALED, &[], &sealed).exits(2);
    test(&fake, &["--sealed"], &key, &sealed).exits(2);
    assert_eq!(fake.state().calls.len(), calls);
}

#[test]
fn tokens_of_the_previous_key_should_be_sealed_again() {
    let fake = Fake::start(Dialect::GitHub);
    let sealed = encrypt(KEY);
    let keys = [
        ("BOOTSTRAP_ENCRYPTION_KEY", OTHER_KEY),
        ("BOOTSTRAP_ENCRYPTION_KEY_PREVIOUS", KEY),
    ];
    let ran = test(&fake, &SEALED, &keys, &sealed).exits(0);
    assert!(ran.stderr.contains("seal it again"), "{}", ran.stderr);
    let json = test(
        &fake,
        &[&SEALED[..], &["--format", "json"]].concat(),
        &keys,
        &sealed,
    );
    assert_eq!(json.exits(0).json()["sealAgain"], true);
}

/// The vectors of docs/sealing.md, and its Node.js code.
#[test]
fn a_token_that_an_application_seals_as_documented_opens() {
    let document = include_str!("../docs/sealing.md");
    let binding = Binding {
        owner: "user-1",
        host: "github.com",
    };
    let open = |key: &str, sealed: &str| {
        let opened = Opener::new(Key::parse(key).unwrap(), None).open(sealed, binding);
        opened.unwrap().secret.expose().to_owned()
    };
    let rows: Vec<(&str, &str)> = document
        .lines()
        .filter(|line| line.contains("`v1:A"))
        .map(|line| {
            let mut cells = line.split('`');
            (cells.nth(1).unwrap(), cells.nth(1).unwrap())
        })
        .collect();
    assert_eq!(rows.len(), 2);
    let code = document.split("```js\n").nth(1).unwrap();
    let code = code.split("```").next().unwrap();
    for (key, sealed) in rows {
        assert_eq!(open(key, sealed), "ghp_canary01234567890");
        let sandbox = Sandbox::new();
        let call = format!(
            "{code}\nconsole.log(seal(keyOf({key:?}), \"ghp_canary01234567890\", \"user-1\", \"github.com\"));"
        );
        sandbox.write("seal.mjs", call);
        let mut node = std::process::Command::new("node");
        let ran = sandbox.run(node.arg("seal.mjs"));
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(open(key, ran.stdout.trim_end()), "ghp_canary01234567890");
    }
}

/// Saves a token in a database in the folder of a sandbox.
#[track_caller]
fn save(sandbox: &Sandbox, fake: &Fake, more: &[&str]) -> Ran {
    let forge = match fake.dialect {
        Dialect::GitHub => "github",
        Dialect::Forgejo => "forgejo",
    };
    let address = fake.address();
    let database = format!("sqlite:{}", sandbox.join("jobs.db").display());
    let args = ["pat", "save", "--forge", forge, "--forge-url", &address];
    let settings = [
        ("BOOTSTRAP_ENCRYPTION_KEY", KEY),
        ("DATABASE_URL", &database),
    ];
    pat(&[&args, more].concat(), &settings, TOKEN)
}

async fn stored(sandbox: &Sandbox, user: &str) -> Option<User> {
    let store = open(&format!("sqlite:{}", sandbox.join("jobs.db").display())).await;
    store.user(&UserId::parse(user).unwrap()).await.ok()
}

#[test]
fn a_saved_token_is_stored_sealed_with_the_facts_of_its_forge() {
    let expires = 1_800_000_000_000;
    for (dialect, scopes, expires_at) in [
        (
            Dialect::GitHub,
            &["delete_repo", "repo", "workflow"][..],
            Some(expires),
        ),
        (Dialect::Forgejo, &[][..], None),
    ] {
        let (sandbox, fake) = (Sandbox::new(), Fake::start(dialect));
        let ran = save(&sandbox, &fake, &["--as", "ada"]).exits(0);
        assert!(ran.stdout.contains("`jane`"), "{}", ran.stdout);
        let before = SystemClock.now();
        let user = wait(stored(&sandbox, "ada")).unwrap();
        let facts = user.token.unwrap();
        assert_eq!(
            (facts.login.as_str(), facts.expires_at),
            ("jane", expires_at)
        );
        assert_eq!(facts.scopes, scopes);
        assert_eq!(facts.organisations, ["acme", "closed"]);
        assert!(facts.verified_at > 0 && facts.verified_at <= before);
        let file = std::fs::read(sandbox.join("jobs.db")).unwrap();
        let wal = std::fs::read(sandbox.join("jobs.db-wal")).unwrap_or_default();
        let text = String::from_utf8_lossy(&[file, wal].concat()).into_owned();
        assert!(!text.contains(TOKEN));
        let sealed = text.split("v1:").nth(1).unwrap();
        let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        let end = sealed.find(|c| !is_base64(c)).unwrap_or(sealed.len());
        let opener = Opener::new(Key::parse(KEY).unwrap(), None);
        let binding = Binding {
            owner: "ada",
            host: "127.0.0.1",
        };
        // The login of the account follows the token in the row.
        let opened = (1..=end).rev().find_map(|end| {
            let sealed = format!("v1:{}", &sealed[..end]);
            opener.open(&sealed, binding).ok()
        });
        assert_eq!(opened.unwrap().secret.expose(), TOKEN);
    }
}

#[test]
fn a_token_that_is_refused_is_not_stored() {
    let (sandbox, fake) = (Sandbox::new(), Fake::start(Dialect::GitHub));
    fake.state().scopes = "public_repo, workflow";
    let ran = save(&sandbox, &fake, &[]).exits(1);
    assert!(
        ran.stderr.contains("lacks the scope `repo`"),
        "{}",
        ran.stderr
    );
    assert!(wait(stored(&sandbox, "local")).is_none());
    fake.state().scopes = "repo";
    fake.state().fault = Some((0, Fault::TooMany, usize::MAX));
    save(&sandbox, &fake, &[]).exits(3);
    assert!(wait(stored(&sandbox, "local")).is_none());
}
