//! Texts of templates: names with special characters, encodings, line ends, byte order marks and LFS pointers.

use crate::support::{Ran, Sandbox};
use serde_json::Value;

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

/// The demo catalogue in which `auth/none` has these actions.
fn with(actions: &str) -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write(
        "recipes/demo/auth/none.yaml",
        format!("actions:\n{actions}"),
    );
    sandbox
}

fn without_actions() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    sandbox.write("recipes/demo/auth/none.yaml", "actions: []\n");
    sandbox
}

fn template(sandbox: &Sandbox, path: &str, content: impl AsRef<[u8]>) {
    sandbox.write(&format!("catalog/demo/template/{path}"), content);
}

fn create(sandbox: &Sandbox) -> Ran {
    sandbox.make(&["--select", "auth=none", "--into", "out"])
}

/// Creates a repository for a product of this name.
fn create_named(sandbox: &Sandbox, name: &str) -> Ran {
    sandbox.groundplan([
        "new",
        "--catalog",
        ".",
        "--select",
        "auth=none",
        "--name",
        name,
        "--slug",
        "acme",
        "--owner",
        "acme",
        "--repo",
        "acme",
        "--into",
        "out",
    ])
}

/// Code and message of each finding of a preview.
fn findings(report: &Value) -> Vec<String> {
    ["warnings", "collisions", "errors"]
        .iter()
        .flat_map(|list| report[list].as_array().unwrap())
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            format!("{} {}", text("code"), text("message"))
        })
        .collect()
}

#[test]
fn a_name_reads_back_as_itself_from_files_of_every_format() {
    for name in [
        "Acme \"Web\"",
        "Ben's # Bar: $HOME",
        "<b>a</b> & `id`",
        "a\\b",
    ] {
        let sandbox = without_actions();
        template(
            &sandbox,
            "a.toml",
            "a = \"__PRODUCT_NAME__\"\nb = '__PRODUCT_NAME__'\n",
        );
        template(
            &sandbox,
            "a.yaml",
            "a: __PRODUCT_NAME__\nb: 'Of __PRODUCT_NAME__'\n",
        );
        template(
            &sandbox,
            "a.sh",
            "#!/bin/sh\nprintf '%s' \"__PRODUCT_NAME__\"\n",
        );
        template(
            &sandbox,
            "a.html",
            "<p title='__PRODUCT_NAME__'>__PRODUCT_NAME__</p>\n",
        );
        template(
            &sandbox,
            "a.json",
            "\u{feff}{ \"a\": \"__PRODUCT_NAME__\" }\n",
        );
        create_named(&sandbox, name).exits(0);
        let toml: toml::Table = sandbox.read("out/a.toml").parse().unwrap();
        assert_eq!(
            (toml["a"].as_str(), toml["b"].as_str()),
            (Some(name), Some(name))
        );
        let json = sandbox.read("out/a.json");
        let json: Value = serde_json::from_str(json.strip_prefix('\u{feff}').unwrap()).unwrap();
        assert_eq!(json["a"], name);
        let mut script = std::process::Command::new("sh");
        let printed = sandbox.run(script.arg(sandbox.join("out/a.sh"))).exits(0);
        assert_eq!(printed.stdout, name);
        let mut python = std::process::Command::new("python3");
        let read = "import sys, html.parser as h\n\
            class P(h.HTMLParser):\n    def handle_starttag(self, t, a): print(a[0][1])\n    def handle_data(self, d): print(d)\n\
            P().feed(sys.argv[1])";
        let html = sandbox.read("out/a.html");
        let printed = sandbox
            .run(python.args(["-c", read, html.trim_end()]))
            .exits(0);
        assert_eq!(printed.stdout, format!("{name}\n{name}\n"));
    }
}

/// Scripts that print the name. A line `NAME=value` is read by a shell, in quotes if it has none.
const SCRIPTS: [(&str, &str); 10] = [
    ("a.sh", "a=\"__PRODUCT_NAME__\"; printf '%s' \"$a\"\n"),
    ("b.sh", "a='__PRODUCT_NAME__'; printf '%s' \"$a\"\n"),
    ("c.sh", "a=__PRODUCT_NAME__; printf '%s' \"$a\"\n"),
    ("d.sh", "printf '%s' \"${a:-__PRODUCT_NAME__}\"\n"),
    (
        "e.sh",
        "printf '%s' \"$(printf '%s' \"__PRODUCT_NAME__\")\"\n",
    ),
    ("f.sh", "cat <<END\n__PRODUCT_NAME__\nEND\n"),
    ("g.sh", "cat <<'END'\n__PRODUCT_NAME__\nEND\n"),
    (
        "h.sh",
        "# it's __PRODUCT_NAME__\ncat <<-END # x\n\t__PRODUCT_NAME__\n\tEND\n",
    ),
    (".env", "A=__PRODUCT_NAME__\n"),
    ("b.env", "A=\"__PRODUCT_NAME__\"\n"),
];

#[test]
fn a_shell_prints_every_hostile_name_or_it_is_refused() {
    let names = [
        "Acme Web",
        "Acme \"Web\"",
        "Ben's Bar",
        "a\\b",
        "a\\",
        "C# tools",
        "<b>&amp;</b>",
        "$HOME",
        "`id`",
        "$(id)",
        "'''",
        "{{ x }}",
        "* ? [a]",
        "a}b",
        "x\"; id; \"y",
        "~",
        "!x",
        "a'b\"c",
    ];
    for name in names {
        let sandbox = without_actions();
        // No quotes of a line `NAME=value` can contain all of these.
        let is_mixed = name.contains('\'') && name.contains('"');
        let scripts = SCRIPTS
            .iter()
            .filter(|(path, _)| !(is_mixed && path.strip_suffix(".env").is_some()));
        for (path, text) in scripts.clone() {
            template(&sandbox, path, text);
        }
        create_named(&sandbox, name).exits(0);
        for (path, _) in scripts {
            let mut script = sandbox.read(&format!("out/{path}"));
            if let Some(value) = script.strip_prefix("A=") {
                let value = value.trim_end();
                let quote = if value.starts_with(['"', '\'']) {
                    ""
                } else {
                    "\""
                };
                script = format!("A={quote}{value}{quote}\nprintf '%s' \"$A\"\n");
            }
            let mut shell = std::process::Command::new("sh");
            let printed = sandbox.run(shell.args(["-c", &script])).exits(0).stdout;
            assert_eq!(printed.trim_end_matches('\n'), name, "{path}: {script}");
        }
    }
    let sandbox = without_actions();
    template(&sandbox, ".env", "A=__PRODUCT_NAME__\n");
    let ran = create_named(&sandbox, "a'b\"c").exits(1);
    assert!(ran.stderr.contains("`.env`"), "{}", ran.stderr);
}

#[test]
fn a_value_that_its_place_cannot_contain_is_refused_with_file_and_value() {
    let sandbox = without_actions();
    template(&sandbox, "docs/a.xml", "<a/>\n<!-- __PRODUCT_NAME__ -->\n");
    let ran = create_named(&sandbox, "a -- b").exits(1);
    let message =
        "`docs/a.xml`: __PRODUCT_NAME__ on line 2 cannot be replaced by `a -- b` in this XML";
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
    assert!(!sandbox.join("out").exists());
}

#[test]
fn an_edit_that_breaks_a_file_is_refused_at_the_action() {
    for (file, content, replace) in [
        ("a.toml", "a = \"x\"\n", "\""),
        ("a.json", "{ \"a\": \"x\" }\n", "\""),
        ("a.yaml", "a: \"x\"\n", "\"]"),
    ] {
        let sandbox = with(&format!(
            "  - {{ kind: REPLACE_STRING, path: {file}, find: x, replace: '{replace}' }}\n"
        ));
        template(&sandbox, file, content);
        let ran = sandbox
            .preview(&["--select", "auth=none", "--format", "json"])
            .exits(1);
        let report = ran.json();
        assert_eq!(report["errors"][0]["code"], "GP711", "{file}");
        assert_eq!(
            report["errors"][0]["place"]["file"],
            "recipes/demo/auth/none.yaml"
        );
    }
}

#[test]
fn the_line_ends_of_a_file_are_kept_by_every_edit() {
    for end in ["\n", "\r\n", "\r"] {
        let sandbox = with(
            "  - { kind: REPLACE_STRING, path: a.txt, find: \"a\\nb\", replace: \"x\\ny\\nz\" }\n\
             \x20 - { kind: APPEND_TO_FILE, path: a.txt, content: \"c\\nd\" }\n",
        );
        template(&sandbox, "a.txt", format!("a{end}b{end}"));
        create(&sandbox).exits(0);
        let expected = ["x", "y", "z", "c", "d", ""].join(end);
        assert_eq!(sandbox.read("out/a.txt"), expected, "{end:?}");
    }
}

#[test]
fn a_byte_order_mark_hides_nothing_and_is_kept() {
    let sandbox = with(
        "  - { kind: APPEND_TO_FILE, path: .gitignore, content: node_modules/ }\n\
         \x20 - { kind: REPLACE_STRING, path: a.txt, find: \"a\\n\", replace: \"x\\n\" }\n\
         \x20 - { kind: ADD_DEPENDENCY, manifest: web/package.json, name: is-odd, version: ^3.0.0 }\n\
         \x20 - { kind: CREATE_ADR_STUB, number: 0, title: First }\n",
    );
    template(&sandbox, ".gitignore", "\u{feff}node_modules/\n");
    template(&sandbox, "a.txt", "\u{feff}a\nb\n");
    template(&sandbox, "web/package.json", "\u{feff}{}\n");
    template(
        &sandbox,
        "docs/adr/README.md",
        "\u{feff}- [0001 Second](0001-second.md)\n",
    );
    create(&sandbox).exits(0);
    assert_eq!(sandbox.read("out/.gitignore"), "\u{feff}node_modules/\n");
    assert_eq!(sandbox.read("out/a.txt"), "\u{feff}x\nb\n");
    assert_eq!(
        sandbox.read("out/web/package.json"),
        "\u{feff}{\n  \"dependencies\": {\n    \"is-odd\": \"^3.0.0\"\n  }\n}\n"
    );
    assert_eq!(
        sandbox.read("out/docs/adr/README.md"),
        "\u{feff}- [0000 First](0000-first.md)\n- [0001 Second](0001-second.md)\n"
    );
}

#[test]
fn what_is_not_filled_in_is_warned_of_in_a_folder_and_in_git() {
    let sandbox = without_actions();
    let wide: Vec<u8> = "\u{feff}__PRODUCT_NAME__"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (path, content) in [
        ("web/a.txt", b"\xe9 __PRODUCT_NAME__".to_vec()),
        ("web/b.txt", wide),
        ("web/c.txt", b"\xe9".to_vec()),
        ("web/d.psd", POINTER.as_bytes().to_vec()),
        ("web/__PRODUCT_SLUG__/e.txt", b"e".to_vec()),
    ] {
        sandbox.write(path, content);
    }
    let expected = [
        "GP411 placeholders in files that are not UTF-8 text are not replaced: `a.txt`, `b.txt`",
        "GP603 Git LFS pointers are copied without the content they stand for: `d.psd`",
    ];
    let flags = [
        "--select",
        "auth=none",
        "--template",
        "web",
        "--format",
        "json",
    ];
    assert_eq!(findings(&sandbox.preview(&flags).exits(0).json()), expected);
    sandbox.commit("web");
    let flags = [&flags[..], &["--ref", "main"]].concat();
    for _ in 0..2 {
        // The second time from the remembered inventory.
        assert_eq!(findings(&sandbox.preview(&flags).exits(0).json()), expected);
    }
}

#[test]
fn no_action_and_no_placeholder_pass_edits_a_pointer() {
    for action in [
        "  - { kind: APPEND_TO_FILE, path: a.md, content: x }\n",
        "  - { kind: REPLACE_STRING, path: a.md, find: version, replace: x }\n",
    ] {
        let sandbox = with(action);
        template(&sandbox, "a.md", POINTER);
        let report = sandbox
            .preview(&["--select", "auth=none", "--format", "json"])
            .exits(1)
            .json();
        assert_eq!(
            findings(&report),
            [
                "GP603 Git LFS pointers are copied without the content they stand for: `a.md`",
                "GP704 `a.md` is a Git LFS pointer and cannot be edited",
            ]
        );
    }
    for (text, is_pointer) in [
        (POINTER.replace("oid", "ext-0-crypt sha256:aa\noid"), true),
        (
            POINTER.replace("git-lfs.github.com", "hawser.github.com"),
            true,
        ),
        (POINTER.replace("4d7a", "4d7"), false),
        (format!("# Title\n{POINTER}"), false),
        (format!("{POINTER}\nMore text.\n"), false),
        (POINTER.replace("size", "length"), false),
    ] {
        let sandbox = with("  - { kind: APPEND_TO_FILE, path: a.md, content: x }\n");
        template(&sandbox, "a.md", &text);
        let ran = create(&sandbox);
        assert_eq!(ran.code, i32::from(is_pointer), "{text}{}", ran.stderr);
    }
}

#[test]
fn an_inherited_dependency_is_noted_in_the_log() {
    let sandbox = with(
        "  - { kind: ADD_DEPENDENCY, manifest: Cargo.toml, name: humantime, version: \"2.1\" }\n",
    );
    template(
        &sandbox,
        "Cargo.toml",
        "[package]\nname = \"a\"\n[dependencies]\nhumantime.workspace = true\n",
    );
    let report = sandbox
        .preview(&["--select", "auth=none", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(
        report["actionLog"][0]["message"],
        "humantime is already present: its version is inherited from the workspace"
    );
}
