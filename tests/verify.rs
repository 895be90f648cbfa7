//! `groundplan verify`: what a repository says of how it was made, made again and compared.

use crate::support::served::Served;
use crate::support::{PRODUCT, Ran, Sandbox};
use serde_json::Value;
use std::fs;

const PROVENANCE: &str = ".scrum4me/bootstrap.json";

#[track_caller]
fn verify(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.groundplan(["verify"].iter().chain(args))
}

/// A repository `out` of the demo catalogue and its own template.
fn made() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    sandbox
}

/// Every file below the sandbox with its bytes.
fn contents(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let mut files = sandbox.files();
    files.extend(
        crate::support::files_below(&sandbox.join("out/.git"))
            .into_iter()
            .map(|file| format!("out/.git/{file}")),
    );
    files
        .into_iter()
        .map(|file| (file.clone(), fs::read(sandbox.join(&file)).unwrap()))
        .collect()
}

#[test]
fn a_repository_that_was_just_made_is_exact_whatever_its_template_and_layout() {
    let served = Served::new();
    let url = served.url();
    served
        .sandbox
        .write("t/README.md", "# __PRODUCT_NAME__\n")
        .write("t/package.json", "{}\n");
    for template in [
        &[][..],
        &["--template", "t"],
        &["--template", "srv/web", "--ref", "v1"],
        &["--template", &url],
        &[
            "--template",
            &url,
            "--ref",
            "v1",
            "--template-path",
            "docs",
            "--select",
            "auth=none",
        ],
        &["--template-repo", &url],
    ] {
        for layout in [&[][..], &["--bare"], &["--bare", "--shared"]] {
            served
                .over("new", &[template, layout, &["--into", "out"]].concat())
                .exits(0);
            // What was fetched is found again by its address; what was a folder must be named.
            let named = !template.is_empty() && !template.contains(&&*url);
            let mut args = vec!["out", "--catalog", "."];
            if named {
                args.extend(template);
            }
            let ran = verify(&served.sandbox, &args).exits(0);
            assert!(
                ran.stdout
                    .contains("exact  the first commit matches the plan (tree"),
                "{template:?}: {}",
                ran.stdout
            );
            assert!(ran.stdout.contains("No commits since."), "{}", ran.stdout);
            args.extend(["--format", "json"]);
            let json = verify(&served.sandbox, &args).exits(0).json();
            assert_eq!(
                (&json["exact"], &json["sameCommit"]),
                (&true.into(), &true.into())
            );
            assert_eq!(json["expected"], json["found"]);
            assert_eq!(json["differences"], Value::Array(Vec::new()));
            if named {
                let ran = verify(&served.sandbox, &["out", "--catalog", "."]).exits(1);
                assert!(
                    ran.stderr.contains(
                        "created from an unknown template: `folder`\nhint: name it by `--template`"
                    ),
                    "{}",
                    ran.stderr
                );
            }
            fs::remove_dir_all(served.sandbox.join("out")).unwrap();
        }
    }
}

#[test]
fn a_repository_of_the_built_in_catalogue_needs_no_flags() {
    let sandbox = Sandbox::new();
    let name = sandbox
        .groundplan(["list", "--format", "json"])
        .exits(0)
        .json();
    let name = name["catalogs"][0]["catalog"].as_str().unwrap().to_owned();
    let args = [
        "new",
        "--catalog",
        &name,
        "--defaults",
        "--author",
        "Ada <ada@example.org>",
        "--into",
        "out",
    ];
    sandbox.groundplan(args.iter().chain(&PRODUCT)).exits(0);
    let json = verify(&sandbox, &["out", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        (&json["exact"], &json["sameCommit"]),
        (&true.into(), &true.into())
    );
    sandbox.git(".", &["clone", "-q", "out", "clone"]);
    verify(&sandbox, &["clone"]).exits(0);
    verify(&sandbox, &["out/.git"]).exits(0);
}

#[test]
fn a_repository_behind_a_url_is_verified_too() {
    let served = Served::new();
    let url = served.url();
    served
        .over("new", &["--template", &url, "--into", "srv/made", "--bare"])
        .exits(0);
    let made = served.server.url("made");
    let json = verify(
        &served.sandbox,
        &[&made, "--catalog", ".", "--format", "json"],
    )
    .exits(0)
    .json();
    assert_eq!(json["exact"], true);
    let none = served.server.url("none");
    let ran = verify(&served.sandbox, &[&none, "--catalog", "."]).exits(1);
    assert!(
        ran.stderr.contains("the repository does not exist"),
        "{}",
        ran.stderr
    );
    for bad in ["ext::sh -c x", "--upload-pack=x", "http://example.org/x"] {
        verify(&served.sandbox, &["--catalog", ".", "--", bad]);
        assert_ne!(
            verify(&served.sandbox, &["--catalog", ".", "--", bad]).code,
            0
        );
    }
}

#[test]
fn what_changed_since_is_listed_and_nothing_is_written() {
    let sandbox = made();
    sandbox
        .write("out/README.md", "changed")
        .write("out/new\u{1b}[2J", "new")
        .make_executable("out/package.json");
    fs::remove_file(sandbox.join("out/lib/session.ts")).unwrap();
    sandbox.commit("out");
    sandbox.commit("out");
    sandbox.write("out/README.md", "not committed");
    let before = contents(&sandbox);
    let ran = verify(&sandbox, &["out", "--catalog", "."]).exits(0);
    let (_, since) = ran
        .stdout
        .split_once("2 commits since: 1 added, 2 modified, 1 removed\n")
        .unwrap();
    assert_eq!(
        since,
        "  ~ README.md\n  - lib/session.ts\n  + new\\u{1b}[2J\n  ~ package.json\n"
    );
    let json = verify(&sandbox, &["out", "--catalog", ".", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(json["commitsSince"], 2);
    assert_eq!(json["changedSince"][1]["change"], "removed");
    assert_eq!(contents(&sandbox), before);
}

#[test]
fn a_first_commit_that_was_rewritten_differs_by_these_paths() {
    let sandbox = made();
    sandbox
        .write("out/README.md", "rewritten")
        .write("out/extra", "x");
    fs::remove_file(sandbox.join("out/lib/session.ts")).unwrap();
    sandbox.git("out", &["add", "-A"]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    sandbox.git(
        "out",
        &[&author[..], &["commit", "-q", "--amend", "--no-edit"]].concat(),
    );
    let ran = verify(&sandbox, &["out", "--catalog", "."]).exits(1);
    assert!(
        ran.stdout.contains("differs  expected tree"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains(":\n  ~ README.md\n  + extra\n  - lib/session.ts\n"),
        "{}",
        ran.stdout
    );
    let json = verify(&sandbox, &["out", "--catalog", ".", "--format", "json"])
        .exits(1)
        .json();
    let changes: Vec<_> = json["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["change"].as_str().unwrap())
        .collect();
    assert_eq!(changes, ["modified", "added", "removed"]);
}

#[test]
fn another_author_or_message_is_told_and_no_fault() {
    let sandbox = made();
    let author = ["-c", "user.name=Eve", "-c", "user.email=e@v.e"];
    sandbox.git(
        "out",
        &[&author[..], &["commit", "-q", "--amend", "-m", "mine"]].concat(),
    );
    let ran = verify(&sandbox, &["out", "--catalog", "."]).exits(0);
    assert!(
        ran.stdout.contains("its author, date or message differ"),
        "{}",
        ran.stdout
    );
}

#[test]
fn what_cannot_be_verified_is_refused_in_words() {
    let sandbox = made();
    fs::create_dir_all(sandbox.join("folder/below")).unwrap();
    sandbox.git(".", &["init", "-q", "empty"]);
    sandbox.write("other/README.md", "x");
    sandbox.commit("other");
    sandbox.write("out/later", "x");
    sandbox.commit("out");
    let path = format!("file://{}", sandbox.join("out").display());
    sandbox.git(".", &["clone", "-q", "--depth", "1", &path, "shallow"]);
    for (repository, code, said) in [
        (
            "folder",
            1,
            "`folder` is not a git repository\nhint: run it in a repository that groundplan created",
        ),
        ("missing", 1, "`missing` is not a git repository"),
        ("empty", 1, "has no commits"),
        ("other", 1, "groundplan did not create it"),
        ("shallow", 1, "has only its newest commits"),
    ] {
        let ran = verify(&sandbox, &[repository, "--catalog", "."]).exits(code);
        assert!(
            ran.stderr.contains(said) && ran.stderr.contains("hint: "),
            "{}",
            ran.stderr
        );
    }
    let elsewhere = verify(
        &sandbox,
        &["out", "--catalog", ".", "--provenance", "README.md"],
    )
    .exits(1);
    assert!(
        elsewhere
            .stderr
            .contains("cannot read `README.md` of the first commit"),
        "{}",
        elsewhere.stderr
    );
    let unknown = verify(&sandbox, &["out"]).exits(1);
    assert!(
        unknown
            .stderr
            .contains("of catalogue `demo` was read from a folder or a database"),
        "{}",
        unknown.stderr
    );
    let template = verify(&sandbox, &["out", "--catalog", ".", "--template", "other"]).exits(1);
    assert!(
        template
            .stderr
            .contains("created from template catalog:demo v1"),
        "{}",
        template.stderr
    );
    sandbox.write(
        "recipes/demo/auth/none.yaml",
        "actions: [{kind: WRITE_FILE, path: a, content: b}]\n",
    );
    let version = verify(&sandbox, &["out", "--catalog", "."]).exits(1);
    assert!(
        version.stderr.contains("created from version"),
        "{}",
        version.stderr
    );
}

#[test]
fn a_provenance_of_hostile_making_is_refused() {
    let sandbox = made();
    let sound = sandbox.read(&format!("out/{PROVENANCE}"));
    let with = |from: &str, to: &str| sound.replacen(from, to, 1);
    for text in [
        String::new(),
        "{}".to_owned(),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "x".repeat(2_000_000),
        "\u{feff}{}".to_owned(),
        with("\"catalog\": \"demo\"", "\"catalog\": \"\\u001b[2J\""),
        with("\"catalog\": \"demo\"", "\"catalog\": \"/etc\""),
        with("\"generator\"", "\"more\": 1, \"generator\""),
        with(
            "\"action_schema_version\": 1",
            "\"action_schema_version\": 4294967295",
        ),
        with(
            "\"action_schema_version\": 1",
            "\"action_schema_version\": -1",
        ),
        with("acme-web", "../../x"),
        with("\"session\"", "\"none\""),
        with("\"session\"", "\"session\", \"session\", \"none\""),
        with(
            "\"repo\": \"catalog:demo\"",
            "\"repo\": \"ext::sh -c touch${IFS}PWNED\"",
        ),
        with(
            "\"repo\": \"catalog:demo\"",
            "\"repo\": \"/etc\", \"sha\": \"0000000000000000000000000000000000000000\"",
        ),
        with(
            "\"repo\": \"catalog:demo\"",
            "\"repo\": \"file:///etc\", \"sha\": \"0000000000000000000000000000000000000000\"",
        ),
        with("\"ref\": \"v1\"", "\"ref\": \"--upload-pack=x\""),
        with("Acme Web", "Evil\\u001b[2J"),
    ] {
        assert_ne!(text, sound, "nothing was replaced");
        sandbox.write(&format!("out/{PROVENANCE}"), &text);
        fs::remove_dir_all(sandbox.join("out/.git")).unwrap();
        sandbox.commit("out");
        for args in [
            &["verify", "out"][..],
            &["explain", "README.md", "--in", "out"],
        ] {
            let ran = sandbox.groundplan(args.iter().chain(&["--catalog", "."]));
            // What the plan gives can be explained though the first commit holds something else.
            let least = i32::from(args[0] == "verify");
            assert!(
                (least..=3).contains(&ran.code),
                "{text:.800}: {}{}",
                ran.stdout,
                ran.stderr
            );
            let shown = ran.stdout + &ran.stderr;
            assert!(
                !shown.contains('\u{1b}') && !shown.contains("panicked"),
                "{shown}"
            );
            assert!(shown.len() < 20_000, "{shown:.2000}");
        }
    }
    assert!(!sandbox.join("PWNED").exists());
}

#[test]
fn a_repository_that_brings_its_own_catalogue_does_not_vouch_for_itself() {
    let sandbox = Sandbox::with_demo();
    sandbox.make(&["--defaults", "--into", "out"]).exits(0);
    for folder in ["catalog", "recipes"] {
        fs::rename(sandbox.join(folder), sandbox.join("out").join(folder)).unwrap();
    }
    let provenance = sandbox.read(&format!("out/{PROVENANCE}"));
    for catalog in [".", "out", "./catalog/demo", "out/catalog/demo"] {
        let changed = provenance.replace(
            "\"catalog\": \"demo\"",
            &format!("\"catalog\": \"{catalog}\""),
        );
        sandbox.write(&format!("out/{PROVENANCE}"), changed);
        fs::remove_dir_all(sandbox.join("out/.git")).unwrap();
        sandbox.commit("out");
        for folder in [".", "out"] {
            let mut command = std::process::Command::new("sh");
            let program = env!("CARGO_BIN_EXE_groundplan");
            let repository = sandbox.join("out");
            let script = format!("cd {folder} && {program} verify {}", repository.display());
            let ran = sandbox.run(command.args(["-c", &script])).exits(1);
            assert!(
                ran.stderr.contains("was read from a folder or a database"),
                "{}",
                ran.stderr
            );
        }
    }
}

#[test]
fn a_template_that_moved_or_went_away_is_told_by_verify() {
    let served = Served::new();
    let url = served.url();
    served
        .over(
            "new",
            &["--template", &url, "--ref", "main", "--into", "out"],
        )
        .exits(0);
    // The branch went on; the commit is still there under its id.
    served.sandbox.write("srv/web/third", "third");
    served.sandbox.commit("srv/web");
    let args = ["out", "--catalog", "."];
    verify(&served.sandbox, &args).exits(0);
    fs::remove_dir_all(served.sandbox.join(".cache")).unwrap();
    let args = [&args[..], &["--allow-source", &url]].concat();
    verify(&served.sandbox, &args).exits(0);
    verify(&served.sandbox, &[&args[..], &["--offline"]].concat()).exits(0);
    fs::remove_dir_all(served.sandbox.join(".cache")).unwrap();
    let ran = verify(&served.sandbox, &[&args[..], &["--offline"]].concat()).exits(3);
    assert!(
        ran.stderr.contains("is not in the template cache"),
        "{}",
        ran.stderr
    );
    fs::rename(served.sandbox.join("srv/web"), served.sandbox.join("gone")).unwrap();
    let ran = verify(&served.sandbox, &args).exits(1);
    assert!(
        ran.stderr.contains("the repository does not exist"),
        "{}",
        ran.stderr
    );
    // Whoever has a copy names it.
    verify(
        &served.sandbox,
        &[
            &args[..],
            &["--template", "gone", "--ref", served.second.as_str()],
        ]
        .concat(),
    )
    .exits(0);
}

/// The word of a repository is not trusted: neither its template's host nor the keys of the user are used without leave.
#[test]
fn an_address_that_only_the_repository_names_is_not_contacted() {
    let served = Served::new();
    let url = served.url();
    let sandbox = &served.sandbox;
    served
        .over("new", &["--template", &url, "--into", "out"])
        .exits(0);
    fs::remove_dir_all(sandbox.join(".cache")).unwrap();
    let asked = served.server.requests().len();
    let commands = [
        &["verify", "out", "--catalog", "."][..],
        &["explain", "README.md", "--in", "out", "--catalog", "."],
    ];
    let with = |args: &[&str], more: &[&str]| sandbox.groundplan(args.iter().chain(more));
    for args in commands {
        for more in [
            &[][..],
            &["--refresh"],
            &["--allow-source", "https://example.org/a/b"],
        ] {
            let ran = with(args, more).exits(1);
            for part in [
                &url,
                served.second.as_str(),
                "`--allow-source`",
                "nothing was fetched",
            ] {
                assert!(ran.stderr.contains(part), "no {part:?} in {}", ran.stderr);
            }
        }
    }
    assert_eq!(served.server.requests().len(), asked);
    for args in commands {
        with(args, &["--allow-source", &url]).exits(0);
        // The cache needs no leave.
        with(args, &[]).exits(0);
        fs::remove_dir_all(sandbox.join(".cache")).unwrap();
        let listed = format!("https://example.org/a/b,{url}");
        let mut by_variable = std::process::Command::new(env!("CARGO_BIN_EXE_groundplan"));
        by_variable
            .args(args)
            .env("GROUNDPLAN_ALLOW_SOURCE", listed);
        sandbox.run(&mut by_variable).exits(0);
        fs::remove_dir_all(sandbox.join(".cache")).unwrap();
    }
    for address in [
        "ssh://git@example.org/a/b",
        "git@example.org:a/b",
        "https://10.0.0.1/a",
    ] {
        let provenance = sandbox.read(&format!("out/{PROVENANCE}"));
        sandbox.write(
            &format!("out/{PROVENANCE}"),
            provenance.replace(&url, address),
        );
        fs::remove_dir_all(sandbox.join("out/.git")).unwrap();
        sandbox.commit("out");
        for args in commands {
            let ran = with(args, &[]).exits(1);
            assert!(ran.stderr.contains(address), "{}", ran.stderr);
        }
        sandbox.write(&format!("out/{PROVENANCE}"), provenance);
    }
}

#[test]
fn an_address_that_the_named_catalogue_has_is_contacted() {
    let served = Served::new();
    let url = served.url();
    served.template_is(&format!(" repo: '{url}', ref: v1 "));
    served.over("new", &["--into", "out"]).exits(0);
    fs::remove_dir_all(served.sandbox.join(".cache")).unwrap();
    verify(&served.sandbox, &["out", "--catalog", "."]).exits(0);
}
