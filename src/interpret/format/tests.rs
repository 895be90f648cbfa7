//! Hostile names in every known format: a file reads back as the name, or the name is refused.

use super::{Find, Format, Part, Unwritable};
use proptest::prelude::*;

const TOKEN: &str = "__PRODUCT_NAME__";

/// Names with the characters that formats treat specially.
const HOSTILE: [&str; 24] = [
    "Acme Web",
    "Acme \"Web\"",
    "Ben's Bar",
    "a\\b",
    "a\\",
    "C# tools",
    "Acme: Web",
    "- Acme",
    "<b>&amp;</b>",
    "a]]>b",
    "$HOME",
    "`id`",
    "$(id)",
    "'''",
    "\"\"\"",
    "{{ x }}",
    "[a]",
    "true",
    "123",
    "null",
    "a -- b",
    "*/",
    "a}b",
    "x\", evil = \"y",
];

fn fill(path: &str, text: &str, name: &str, part: Part) -> Result<String, Unwritable> {
    let finds: Vec<Find<'_>> = text
        .match_indices(TOKEN)
        .map(|(at, token)| Find {
            range: at..at + token.len(),
            value: name,
        })
        .collect();
    let format = Format::of(path, text).expect("a known format");
    format.fill(text, &finds, part)
}

/// The text with the name, or `None` if the name is refused.
fn filled_of(path: &str, text: &str, name: &str) -> Option<String> {
    fill(path, text, name, Part::Whole).ok()
}

#[track_caller]
fn check(path: &str, text: &str, name: &str, expected: Option<&str>) {
    assert_eq!(filled_of(path, text, name).as_deref(), expected, "{text}");
}

#[test]
fn a_value_is_written_as_its_place_needs_it() {
    let quotes = "Acme \"Web\"";
    let named = |text: &str, value: &str| text.replace(TOKEN, value);
    for (path, text, value) in [
        ("a.toml", "a = \"__PRODUCT_NAME__\"", r#"Acme \"Web\""#),
        ("a.toml", "a = '__PRODUCT_NAME__'", quotes),
        (
            "a.toml",
            "a = \"\"\"\n__PRODUCT_NAME__\"\"\"",
            r#"Acme \"Web\""#,
        ),
        ("a.toml", "# __PRODUCT_NAME__\na = 1", quotes),
        ("a.yaml", "a: __PRODUCT_NAME__", quotes),
        ("a.yaml", "a: \"__PRODUCT_NAME__\"", r#"Acme \"Web\""#),
        ("a.yaml", "a: |\n  __PRODUCT_NAME__\n", quotes),
        ("a.xml", "<a>__PRODUCT_NAME__</a>", quotes),
        (
            "a.xml",
            "<a b=\"__PRODUCT_NAME__\"/>",
            "Acme &quot;Web&quot;",
        ),
        (
            "a.html",
            "<script>x = \"__PRODUCT_NAME__\"</script>",
            r#"Acme \"Web\""#,
        ),
        ("a.jsonc", "// __PRODUCT_NAME__\n{}", quotes),
        (
            "a.jsonc",
            "{\"a\": \"__PRODUCT_NAME__\"} /* x */",
            r#"Acme \"Web\""#,
        ),
        ("a.json5", "{a: '__PRODUCT_NAME__'}", quotes),
        ("a.sh", "a=\"__PRODUCT_NAME__\"", r#"Acme \"Web\""#),
        ("a.sh", "a=__PRODUCT_NAME__", "'Acme \"Web\"'"),
        ("a.sh", "cat <<END\n__PRODUCT_NAME__\nEND\n", quotes),
        ("run", "#!/bin/sh\necho '__PRODUCT_NAME__'", quotes),
        (".env.example", "A=__PRODUCT_NAME__", "'Acme \"Web\"'"),
        (
            "Dockerfile",
            "LABEL a=\"__PRODUCT_NAME__\"",
            r#"Acme \"Web\""#,
        ),
        ("a.properties", "a = __PRODUCT_NAME__", quotes),
    ] {
        check(path, text, quotes, Some(&named(text, value)));
    }
    check(
        "a.toml",
        "a = '__PRODUCT_NAME__'",
        "Ben's",
        Some("a = \"Ben's\""),
    );
    check("a.toml", "a = '''__PRODUCT_NAME__'''", "'''", None);
    check("a.toml", "__PRODUCT_NAME__ = 1", "Acme Web", None);
    check(
        "a.yaml",
        "a: To __PRODUCT_NAME__ # b",
        "A: b",
        Some("a: \"To A: b\" # b"),
    );
    check(
        "a.yaml",
        "a: [__PRODUCT_NAME__, b]",
        "c, d",
        Some("a: [\"c, d\", b]"),
    );
    check(
        "a.yaml",
        "a: '__PRODUCT_NAME__'",
        "Ben's",
        Some("a: 'Ben''s'"),
    );
    check("a.yaml", "a: 1 __PRODUCT_NAME__", "B", Some("a: \"1 B\""));
    check("a.yaml", "a: __PRODUCT_NAME__", "true", Some("a: \"true\""));
    check("a.xml", "<!-- __PRODUCT_NAME__ -->", "a -- b", None);
    check(".env", "A='__PRODUCT_NAME__'", "Ben's", Some("A=\"Ben's\""));
    check("a.jsonc", "/* __PRODUCT_NAME__ */ {}", "*/", None);
}

#[test]
fn the_format_is_that_of_the_name_or_of_the_first_line() {
    for (path, text, format) in [
        ("a/Dockerfile", "", Some(Format::Dockerfile)),
        ("web.Dockerfile", "", Some(Format::Dockerfile)),
        ("Dockerfile.dev", "", Some(Format::Dockerfile)),
        ("a/.env", "", Some(Format::DotEnv)),
        (".env.local", "", Some(Format::DotEnv)),
        (".environment", "", None),
        ("tsconfig.JSON", "", Some(Format::Json)),
        ("json", "", None),
        ("Pipfile", "", Some(Format::Toml)),
        ("bin/run", "#!/usr/bin/env bash\n", Some(Format::Shell)),
        ("bin/run", "\u{feff}#!/bin/sh -e\n", Some(Format::Shell)),
        ("bin/run", "#!/usr/bin/env python3\nsh\n", None),
        ("a.md", "sh", None),
    ] {
        assert_eq!(Format::of(path, text), format, "{path}");
    }
}

#[test]
fn a_part_of_a_file_takes_only_what_its_own_quotes_allow() {
    let part = |path, text| fill(path, text, "Acme \"Web\"", Part::Fragment);
    for path in ["a.toml", "a.yaml", "a.sh", ".env", "Dockerfile"] {
        assert_eq!(part(path, TOKEN), Err(Unwritable(0)), "{path}");
        let inert = fill(path, TOKEN, "Acme Web", Part::Fragment);
        assert_eq!(inert.as_deref(), Ok("Acme Web"), "{path}");
    }
    assert_eq!(
        part("a.toml", "title = \"__PRODUCT_NAME__\"\n"),
        Ok("title = \"Acme \\\"Web\\\"\"\n".to_owned())
    );
    assert_eq!(part("a.json", TOKEN), Ok("Acme \\\"Web\\\"".to_owned()));
    assert_eq!(part("a.xml", TOKEN), Ok("Acme &quot;Web&quot;".to_owned()));
}

#[test]
fn a_file_that_is_broken_by_a_change_is_found() {
    let damage = |path: &str, before: &str, after: &str| {
        let format = Format::of(path, before).expect("a known format");
        format.damage(before, after).map(|problem| problem.line)
    };
    assert_eq!(damage("a.toml", "a = 1\n", "a = 1\na = 2\n"), Some(2));
    assert_eq!(damage("a.json", "{}", "{\n} x"), Some(2));
    assert_eq!(damage("a.yaml", "a: 1\n", "a: 1\nb: [\n"), Some(3));
    assert_eq!(damage("a.json", "// a\n{}", "// b\n{}"), None);
    assert_eq!(damage("a.json", "// a\n{}", "// b\n{"), Some(2));
    assert_eq!(damage("a.json", "{ broken", "{ broken too"), None);
    assert_eq!(damage("a.jsonl", "{}\n\n[]\n", "{}\n\n[\n"), Some(3));
    assert_eq!(damage("a.jsonl", "{}\n", "{}\n[]\n"), None);
    assert_eq!(damage("a.xml", "<a/>\n", "<a/>\n<b/>\n"), Some(2));
    assert_eq!(damage("a.csproj", "<a>\n</a>\n", "<a>\n</b>\n"), Some(2));
    assert_eq!(damage("a.svg", "<a b='1'/>", "<a b='1' b='2'/>"), Some(1));
    assert_eq!(
        damage("a.xml", "<a>&amp;</a>", "<a>&amp;</a><!-- -- -->"),
        Some(1)
    );
    assert_eq!(damage("a.xml", "<a>", "<a><b>"), None);
    assert_eq!(damage("a.xml", "<a>&nbsp;</a>", "<a>&nbsp;</a><"), None);
    let typed = "<!DOCTYPE a [<!ENTITY e 'x'>]>\n<a>&e;</a>\n";
    assert_eq!(
        damage("a.xml", typed, &typed.replace("&e;", "&e;&e;")),
        None
    );
    assert_eq!(damage("a.xml", typed, &typed.replace("</a>", "")), Some(2));
    assert_eq!(damage("a.yaml", "a: 1\n", "a: 2\n"), None);
}

fn toml_value(text: &str) -> Option<String> {
    let table: ::toml::Table = text.parse().ok()?;
    table.get("a")?.as_str().map(str::to_owned)
}

fn json_value(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    value["a"].as_str().map(str::to_owned)
}

/// The texts that contain the name as a value, and the reader of their format.
type Reader = fn(&str) -> Option<String>;

const TEXTS: [(&str, &str, Reader); 5] = [
    ("a.json", "{\"a\": \"__PRODUCT_NAME__\"}", json_value),
    ("a.toml", "a = \"__PRODUCT_NAME__\"", toml_value),
    ("a.toml", "a = '__PRODUCT_NAME__'", toml_value),
    ("a.toml", "a = \"\"\"__PRODUCT_NAME__\"\"\"", toml_value),
    ("a.toml", "a = '''__PRODUCT_NAME__'''", toml_value),
];

#[test]
fn every_hostile_name_reads_back_as_itself_or_is_refused() {
    let mut refused = 0;
    for name in HOSTILE {
        for (path, text, read) in TEXTS {
            match filled_of(path, text, name) {
                None => refused += 1,
                Some(filled) => {
                    assert_eq!(read(&filled).as_deref(), Some(name), "{path}: {filled}");
                }
            }
        }
    }
    assert!(
        refused * 10 < HOSTILE.len() * TEXTS.len(),
        "{refused} are refused"
    );
}

/// Any name that is a product name.
fn any_name() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a", "B", "1", " ", "\"", "'", "\\", "#", ": ", "<", "&", ">", "$", "`", "'''", "]]>", "{",
        "}", "[", "]", ",", "=", "|", "*", "%", "@", "!", "ü", "/", "-", "--", "~", "?",
    ]);
    prop::collection::vec(pieces, 1..8)
        .prop_map(|pieces| pieces.concat().trim().to_owned())
        .prop_filter("a name is not empty", |name| !name.is_empty())
}

proptest! {
    #[test]
    fn a_name_in_toml_and_json_reads_back_as_itself(name in any_name()) {
        for (path, text, read) in TEXTS {
            if let Some(filled) = filled_of(path, text, &name) {
                prop_assert_eq!(read(&filled), Some(name.clone()), "{}", filled);
            }
        }
    }

    #[test]
    fn a_name_in_yaml_reads_back_as_itself(name in any_name()) {
        for text in [
            "a: __PRODUCT_NAME__\n",
            "a: 'x __PRODUCT_NAME__'\n",
            "a: \"__PRODUCT_NAME__ x\"\n",
            "- [x __PRODUCT_NAME__, b]\n",
            "a: |\n  x\n  __PRODUCT_NAME__\n",
            "? __PRODUCT_NAME__\n: b\n",
        ] {
            let filled = filled_of("a.yaml", text, &name);
            prop_assert!(filled.is_some(), "{} in {}", name, text);
        }
    }

    #[test]
    fn no_part_and_no_broken_text_panics(
        name in any_name(),
        text in r#"([a-z"'`\\$(){}<>&#=: \n|!/*-]|__PRODUCT_NAME__){0,20}"#,
    ) {
        for path in ["a.json", "a.toml", "a.yaml", "a.xml", "a.html", "a.sh", ".env", "a.properties", "Dockerfile"] {
            for part in [Part::Whole, Part::Lines, Part::Fragment] {
                drop(fill(path, &text, &name, part));
            }
        }
    }
}

#[test]
fn a_hostile_xml_file_is_refused_in_bounded_time_and_depth() {
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    let mut bomb = String::from("<!DOCTYPE a [<!ENTITY e0 'xxxxxxxxxx'>");
    for level in 1..30 {
        let below = format!("&e{};", level - 1).repeat(10);
        bomb.extend(["<!ENTITY e", &level.to_string(), " '", &below, "'>"]);
    }
    bomb += "]><a>&e29;</a>";
    let outside = "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>";
    for text in [&*bomb, outside] {
        assert!(super::parsed::check_xml(text).is_err());
    }
    // A nesting without end neither overflows the stack nor is it called valid with an end missing.
    drop(super::parsed::check_xml(&deep));
    assert!(super::parsed::check_xml(&deep[..deep.len() - 1]).is_err());
}
