//! Output for programs: every byte arrives, and failures are JSON documents where JSON is wanted.

use crate::support::Sandbox;
use serde_json::Value;

/// Every control character that JSON and a text file can contain, and the marks that change the direction of text.
fn controls() -> String {
    ('\u{1}'..='\u{9f}')
        .filter(|c| c.is_control())
        .chain("\u{61c}\u{200e}\u{202e}\u{2028}\u{2066}".chars())
        .collect()
}

#[test]
fn canonical_bytes_keep_every_control_character() {
    let sandbox = Sandbox::new();
    let document = serde_json::json!({ "a": controls() }).to_string();
    sandbox.write("in.json", &document);
    let bytes = sandbox.groundplan(["canonical", "in.json"]).exits(0).stdout;
    assert!(
        bytes.contains('\u{7f}') && bytes.contains('\u{9b}'),
        "{bytes:?}"
    );
    let read: Value = serde_json::from_str(&bytes).unwrap();
    assert_eq!(read["a"], controls());
    let json = sandbox
        .groundplan(["canonical", "in.json", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(json["canonical"], bytes);
}

#[test]
fn two_documents_have_two_canonical_outputs() {
    let sandbox = Sandbox::new();
    sandbox.write("one.json", "\"a\u{7f}b\"");
    sandbox.write("two.json", "\"ab\"");
    let of = |file: &str| sandbox.groundplan(["canonical", file]).exits(0).stdout;
    assert_ne!(of("one.json"), of("two.json"));
}

#[test]
fn explain_prints_the_bytes_of_a_file_where_a_program_reads_them() {
    let sandbox = Sandbox::with_demo();
    let line = controls().replace('\n', "");
    sandbox.write("catalog/demo/template/odd.txt", format!("x{line}y\n"));
    let args = ["--defaults", "--explain", "odd.txt"];
    let text = sandbox.preview(&args).exits(0).stdout;
    assert!(text.contains(&format!("x{line}y\n")), "{text:?}");
    let json = sandbox
        .preview(&[&args[..], &["--format", "json"]].concat())
        .exits(0)
        .json();
    assert_eq!(json["lines"][0]["text"], format!("x{line}y"));
}

#[test]
fn findings_in_json_and_sarif_keep_every_control_character() {
    let sandbox = Sandbox::with_demo();
    let name = controls().replace('\n', "");
    sandbox.write(&format!("recipes/demo/auth/{name}.yaml"), "actions: []\n");
    let path = format!("recipes/demo/auth/{name}.yaml");
    let json = sandbox
        .groundplan(["check", "--format", "json"])
        .exits(1)
        .json();
    let files: Vec<&Value> = json["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["file"])
        .collect();
    assert!(files.iter().any(|file| **file == path), "{files:?}");
    let sarif = sandbox
        .groundplan(["check", "--format", "sarif"])
        .exits(1)
        .json();
    assert!(
        sarif["runs"][0]["results"].to_string().contains("%7F"),
        "{sarif}"
    );
    let github = sandbox.groundplan(["check", "--format", "github"]).exits(1);
    assert!(github.stdout.contains("\\u{7f}"), "{}", github.stdout);
}

#[test]
fn completions_and_manual_pages_are_the_generated_bytes() {
    let sandbox = Sandbox::new();
    let man = sandbox.groundplan(["man"]).exits(0).stdout;
    assert!(man.contains(".TH groundplan"), "{man}");
    let bash = sandbox.groundplan(["completions", "bash"]).exits(0).stdout;
    assert!(bash.contains("_groundplan()"), "{bash}");
}

/// The candidates that bash gets for a line.
fn completions(sandbox: &Sandbox, line: &str) -> Vec<String> {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_groundplan"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    // As bash does it: its words break at `=`.
    let script = r#"
        source <(groundplan completions bash)
        COMP_LINE=$1 COMP_POINT=${#1}
        last=${1##* }
        _groundplan groundplan "${last##*=}" ""
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut bash = std::process::Command::new("bash");
    bash.args(["-c", script, "bash", line]).env("PATH", path);
    let ran = sandbox.run(&mut bash).exits(0);
    assert!(!ran.stderr.contains("rror"), "{}", ran.stderr);
    ran.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_completes_commands_flags_catalogues_categories_and_options() {
    let sandbox = Sandbox::with_demo();
    for (line, expected) in [
        ("groundplan prev", &["preview"][..]),
        ("groundplan preview --summ", &["--summary"]),
        ("groundplan preview --forge git", &["github"]),
        ("groundplan preview --catalog next", &["nextjs"]),
        ("groundplan show rust", &["rust-cli", "rust-service"]),
        (
            "groundplan preview --catalog . --select ",
            &["auth=", "addons="],
        ),
        ("groundplan preview --catalog . --select au", &["auth="]),
        (
            "groundplan new --catalog . --select auth=",
            &["session", "none"],
        ),
        ("groundplan new --catalog . --select auth=se", &["session"]),
        (
            "groundplan new --catalog . --select auth=session,n",
            &["session,none"],
        ),
        (
            "groundplan new --catalog . --select auth=session,",
            &["session,none"],
        ),
        ("groundplan new --catalog . --select addons=docs,", &[""]),
        ("groundplan new --catalog nowhere --select a", &[""]),
    ] {
        assert_eq!(completions(&sandbox, line), expected, "{line}");
    }
    for (shell, part) in [("zsh", "#compdef groundplan"), ("fish", "complete")] {
        let script = sandbox.groundplan(["completions", shell]).exits(0).stdout;
        assert!(script.contains(part), "{script}");
        let mut asked = std::process::Command::new(env!("CARGO_BIN_EXE_groundplan"));
        asked
            .args([
                "--",
                "groundplan",
                "new",
                "--catalog",
                ".",
                "--select",
                "auth=",
            ])
            .env("_GROUNDPLAN_COMPLETE", shell)
            .env("_CLAP_COMPLETE_INDEX", "5");
        let answer = sandbox.run(&mut asked).exits(0).stdout;
        assert!(answer.contains("auth=session"), "{shell}: {answer}");
    }
}

#[test]
fn a_failure_is_one_json_document() {
    let sandbox = Sandbox::new();
    let missing = ["canonical", "missing.json", "--format", "json"];
    let ran = sandbox.groundplan(missing).exits(3);
    assert!(
        ran.stderr.starts_with("error: cannot read `missing.json`"),
        "{}",
        ran.stderr
    );
    let error = &ran.json()["error"];
    assert_eq!(error["code"], "read_failed");
    assert_eq!(error["class"], "environment");
    assert_eq!(error["hints"], serde_json::json!(["check the path"]));
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("cannot read `missing.json`: "),
        "{error}"
    );
    let text = sandbox.groundplan(&missing[..2]).exits(3);
    assert_eq!(text.stdout, "");
}

#[test]
fn a_usage_error_is_json_where_json_was_typed() {
    let sandbox = Sandbox::with_demo();
    for format in [&["--format", "json"][..], &["--format=json"]] {
        let args = [&["preview", "--nonsense"][..], format].concat();
        let ran = sandbox.groundplan(&args).exits(2);
        let error = &ran.json()["error"];
        assert_eq!(error["class"], "usage");
        assert_eq!(error["code"], "arguments_unknown_flag");
        assert!(
            error["message"].as_str().unwrap().contains("--nonsense"),
            "{error}"
        );
        assert!(ran.stderr.contains("--nonsense"), "{}", ran.stderr);
    }
    let text = sandbox.groundplan(["preview", "--nonsense"]).exits(2);
    assert_eq!(text.stdout, "");
}

#[test]
fn a_usage_error_shows_a_wrong_value_escaped_and_cut() {
    let sandbox = Sandbox::new();
    let steering =
        "\u{1b}]0;title\u{7}\u{9b}31m\u{202e}x\rerror: all is well\nhint: send your token";
    let long = "x".repeat(100_000);
    for value in [steering, &long] {
        for args in [
            ["preview", "--date", value],
            ["preview", "--slug", value],
            ["preview", "--select", value],
            ["preview", "--author", value],
            ["preview", "--ref", value],
            ["preview", "--forge", value],
            ["preview", "--forge-timeout", value],
            ["new", "--expect", value],
            ["man", "--color", value],
            ["schema", value, "x"],
            ["runs", "list", value],
            [value, "a", "b"],
        ] {
            let ran = sandbox.groundplan(args).exits(2);
            let text = format!("{}{}", ran.stdout, ran.stderr);
            assert!(text.len() < 4_000, "{} bytes", text.len());
            let raw = text.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(raw, None, "{args:?}: {text:?}");
            assert!(!text.contains("\nhint: send"), "{args:?}: {text}");
            assert!(!text.contains('\u{202e}'), "{text:?}");
        }
    }
}

#[test]
fn control_characters_pass_through_no_message_of_hash_and_pat() {
    let sandbox = Sandbox::new();
    // Messages keep line ends and tabs.
    let odd = controls().replace(['\n', '\t'], "");
    for args in [
        &["hash", "--catalog", &odd, "--format", "json"][..],
        &["pat", "encrypt", "--owner-id", "7", "--host", &odd],
        &[
            "pat",
            "encrypt",
            "--owner-id",
            &odd,
            "--host",
            "forge.example.org",
        ],
        &["pat", "test", "--forge", &odd, "--format", "json"],
    ] {
        let ran = sandbox.groundplan(args);
        assert_ne!(ran.code, 0, "{args:?}");
        for text in [&ran.stdout, &ran.stderr] {
            let raw = text.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(raw, None, "{args:?}: {text:?}");
            assert!(!text.contains('\u{202e}'), "{args:?}: {text:?}");
        }
        if args.contains(&"json") {
            assert!(ran.json()["error"]["code"].is_string(), "{}", ran.stdout);
        }
    }
}

#[test]
fn findings_keep_their_document() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("catalog/demo/catalog.yaml", "catalog: demo\n");
    let ran = sandbox
        .preview(&["--defaults", "--format", "json"])
        .exits(1);
    assert!(ran.json()["diagnostics"].is_array());
}

#[test]
fn the_error_document_has_its_schema() {
    let sandbox = Sandbox::new();
    let ran = sandbox.groundplan(["show", "nothing-like-it", "--format", "json"]);
    let document = ran.exits(2).json();
    let schema: Value =
        serde_json::from_str(&sandbox.groundplan(["schema", "error"]).exits(0).stdout).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&document), "{document}");
}
