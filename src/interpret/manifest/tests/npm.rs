//! Edits of package.json, as texts before and after.

use super::run;
use crate::interpret::manifest::{Edit, ManifestError};
use crate::model::dependency::Ecosystem;
use crate::model::dependency::Section::{
    self, Dependencies, DevDependencies, OptionalDependencies, PeerDependencies,
};

const ODD: (Section, &str, &str) = (Dependencies, "is-odd", "^3.0.0");

#[track_caller]
fn check(before: &str, after: &str) {
    super::check(Ecosystem::Npm, ODD, before, after);
}

#[track_caller]
fn check_error(text: &str, message: &str) {
    super::check_error(Ecosystem::Npm, ODD, text, message);
}

#[test]
fn an_entry_goes_before_the_first_greater_name() {
    check(
        "{\n  \"dependencies\": {\n    \"a\": \"1.0.0\",\n    \"zz\": \"1.0.0\"\n  }\n}\n",
        "{\n  \"dependencies\": {\n    \"a\": \"1.0.0\",\n    \"is-odd\": \"^3.0.0\",\n    \"zz\": \"1.0.0\"\n  }\n}\n",
    );
    check(
        "{\n\t\"dependencies\": {\n\t\t\"zz\": \"1.0.0\"\n\t}\n}",
        "{\n\t\"dependencies\": {\n\t\t\"is-odd\": \"^3.0.0\",\n\t\t\"zz\": \"1.0.0\"\n\t}\n}",
    );
    check(
        "{\n    \"dependencies\": {\n        \"a\": \"1.0.0\"\n    },\n    \"x\": 1\n}\n",
        "{\n    \"dependencies\": {\n        \"a\": \"1.0.0\",\n        \"is-odd\": \"^3.0.0\"\n    },\n    \"x\": 1\n}\n",
    );
    check(
        "{\n  \"dependencies\": {\n    \"z\": \"1.0.0\",\n    \"a\": \"1.0.0\"\n  }\n}\n",
        "{\n  \"dependencies\": {\n    \"is-odd\": \"^3.0.0\",\n    \"z\": \"1.0.0\",\n    \"a\": \"1.0.0\"\n  }\n}\n",
    );
}

#[test]
fn a_file_or_a_section_on_one_line_stays_on_one_line() {
    check(
        r#"{"name":"x","version":"1.0.0"}"#,
        r#"{"name":"x","version":"1.0.0","dependencies":{"is-odd":"^3.0.0"}}"#,
    );
    check(
        r#"{"dependencies":{"a":"1.0.0","z":"1.0.0"}}"#,
        r#"{"dependencies":{"a":"1.0.0","is-odd":"^3.0.0","z":"1.0.0"}}"#,
    );
    check(
        r#"{ "dependencies": { "z": "1.0.0" } }"#,
        r#"{ "dependencies": { "is-odd": "^3.0.0", "z": "1.0.0" } }"#,
    );
    check(
        "{\n  \"dependencies\": { \"a\": \"1.0.0\" },\n  \"x\": [1, 2]\n}\n",
        "{\n  \"dependencies\": { \"a\": \"1.0.0\", \"is-odd\": \"^3.0.0\" },\n  \"x\": [1, 2]\n}\n",
    );
    check(
        r#"{"dependencies":{}}"#,
        r#"{"dependencies":{"is-odd":"^3.0.0"}}"#,
    );
}

#[test]
fn a_new_section_is_the_last_as_npm_has_it() {
    check(
        "{\n  \"name\": \"x\",\n  \"devDependencies\": {\n    \"a\": \"1.0.0\"\n  }\n}\n",
        "{\n  \"name\": \"x\",\n  \"devDependencies\": {\n    \"a\": \"1.0.0\"\n  },\n  \"dependencies\": {\n    \"is-odd\": \"^3.0.0\"\n  }\n}\n",
    );
    check(
        "{}\n",
        "{\n  \"dependencies\": {\n    \"is-odd\": \"^3.0.0\"\n  }\n}\n".trim_start(),
    );
    check(
        "{\n\t\"name\": \"x\",\n\t\"dependencies\": {}\n}\n",
        "{\n\t\"name\": \"x\",\n\t\"dependencies\": {\n\t\t\"is-odd\": \"^3.0.0\"\n\t}\n}\n",
    );
}

#[test]
fn every_line_keeps_its_own_ending() {
    let before = "{\r\n  \"name\": \"x\",\n  \"dependencies\": {\r\n    \"a\": \"1.0.0\"\n  }\r\n}";
    let after = "{\r\n  \"name\": \"x\",\n  \"dependencies\": {\r\n    \"a\": \"1.0.0\",\r\n    \"is-odd\": \"^3.0.0\"\n  }\r\n}";
    let edited = run(Ecosystem::Npm, before, ODD).unwrap();
    assert_eq!(edited, Edit::Added(after.to_owned()));
}

#[test]
fn the_narrower_of_nested_ranges_stays() {
    let with = |range: &str| format!("{{\"dependencies\":{{\"is-odd\":\"{range}\"}}}}");
    for kept in ["^3.0.0", "3.0.1", ">=3.0.0 <4", " ^3.1.0 "] {
        super::check_kept(Ecosystem::Npm, ODD, &with(kept), kept);
    }
    for previous in [">=2", "*", "", "2 || 3", "x"] {
        let edited = run(Ecosystem::Npm, &with(previous), ODD).unwrap();
        let (text, previous) = (with("^3.0.0"), previous.to_owned());
        assert_eq!(edited, Edit::Replaced { text, previous });
    }
    check_error(
        &with("^2.0.0"),
        "`is-odd` is requested as ^3.0.0, but the manifest has ^2.0.0; neither range contains the other",
    );
    check_error(
        &with("latest"),
        "the version of `is-odd` in the manifest is not a plain range: `latest` is a tag: \
         write an exact version (1.2.3) or a range (^1.2.3)",
    );
    let aliased = run(Ecosystem::Npm, &with("npm:is-odd@>=2"), ODD).unwrap();
    assert_eq!(
        aliased,
        Edit::Replaced {
            text: with("npm:is-odd@^3.0.0"),
            previous: ">=2".to_owned()
        }
    );
    super::check_kept(Ecosystem::Npm, ODD, &with("npm:is-odd@3.0.1"), "3.0.1");
    for other in [
        "npm:y@1",
        "git+https://e.example/x",
        "https://e.example/x.tgz",
    ] {
        assert!(matches!(
            run(Ecosystem::Npm, &with(other), ODD),
            Err(ManifestError::NotARange { .. })
        ));
    }
}

#[test]
fn one_name_stands_in_one_section_but_a_peer_may_be_developed_against() {
    let text = r#"{"peerDependencies":{"is-odd":"^3.0.0"},"name":"x"}"#;
    check_error(
        text,
        "`is-odd` is already in peerDependencies and cannot be in dependencies too",
    );
    let edited = run(Ecosystem::Npm, text, (DevDependencies, "is-odd", "3.0.1")).unwrap();
    assert_eq!(
        edited,
        Edit::Added(r#"{"peerDependencies":{"is-odd":"^3.0.0"},"name":"x","devDependencies":{"is-odd":"3.0.1"}}"#.to_owned())
    );
    let text = r#"{"devDependencies":{"is-odd":"^3.0.0"}}"#;
    let edited = run(Ecosystem::Npm, text, (PeerDependencies, "is-odd", ">=2")).unwrap();
    assert_eq!(
        edited,
        Edit::Added(
            r#"{"devDependencies":{"is-odd":"^3.0.0"},"peerDependencies":{"is-odd":">=2"}}"#
                .to_owned()
        )
    );
    super::check_error(
        Ecosystem::Npm,
        (OptionalDependencies, "is-odd", "^3.0.0"),
        text,
        "`is-odd` is already in devDependencies and cannot be in optionalDependencies too",
    );
}

#[test]
fn what_json_does_not_allow_is_refused_with_its_place() {
    check_error(
        "{\n  // why\n}",
        "line 2, column 3: Comments are not allowed",
    );
    check_error(
        "{\n  \"a\": 1,\n}",
        "line 2, column 9: Trailing commas are not allowed",
    );
    check_error(
        "{\"a\":1,\"\\u0061\":2}",
        "line 1, column 8: `a` occurs twice in the top level; keep one",
    );
    check_error(
        "{\"devDependencies\":{\"x\":\"1\",\"\\u0078\":\"2\"}}",
        "line 1, column 29: `x` occurs twice in `devDependencies`; keep one",
    );
    check_error("[]", "the top level must be an object");
    check_error("{\"dependencies\":[]}", "`dependencies` must be an object");
    check_error(
        "{\"peerDependencies\":null}",
        "`peerDependencies` must be an object",
    );
    for text in [
        "",
        " ",
        "{",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}}",
        "{\"a\" 1}",
        "{\"a\":01}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":NaN}",
        "{\u{a0}}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":\"\\ud800\"}",
        "\u{feff}{}",
    ] {
        assert!(
            run(Ecosystem::Npm, text, ODD).is_err() || text == "\u{feff}{}",
            "{text:?}"
        );
    }
}

#[test]
fn a_million_brackets_are_an_error() {
    for bomb in ["[", "{\"a\":", "{\"a\":["] {
        let error = run(Ecosystem::Npm, &bomb.repeat(1_000_000), ODD).unwrap_err();
        assert!(matches!(error, ManifestError::TooDeep { .. }), "{error}");
    }
    let strings = format!("{{\"a\":\"{}\\\"{{\"}}", "[".repeat(1000));
    run(Ecosystem::Npm, &strings, ODD).unwrap();
}

#[test]
fn a_version_that_the_repository_sets_elsewhere_is_kept() {
    for range in [
        "workspace:*",
        "workspace:^1.0.0",
        "catalog:",
        "catalog:react18",
        "file:../is-odd",
        "link:../is-odd",
        "portal:../is-odd",
    ] {
        let text = format!("{{\"dependencies\":{{\"is-odd\":\"{range}\"}}}}");
        let edit = run(Ecosystem::Npm, &text, ODD);
        assert!(
            matches!(edit, Ok(Edit::Present { .. })),
            "{range}: {edit:?}"
        );
    }
}

#[test]
fn comments_may_occur_several_times_at_the_top() {
    check(
        "{\n  \"//\": \"a\",\n  \"name\": \"x\",\n  \"//\": [\"b\"],\n  \"dependencies\": {\n    \"a\": \"1.0.0\"\n  },\n  \"\\/\\/\": 1\n}\n",
        "{\n  \"//\": \"a\",\n  \"name\": \"x\",\n  \"//\": [\"b\"],\n  \"dependencies\": {\n    \"a\": \"1.0.0\",\n    \"is-odd\": \"^3.0.0\"\n  },\n  \"\\/\\/\": 1\n}\n",
    );
    check_error(
        "{\"dependencies\":{\"//\":\"a\",\"//\":\"b\"}}",
        "line 1, column 27: `//` occurs twice in `dependencies`; keep one",
    );
    check_error(
        "{\"//\":1,\"name\":\"a\",\"//\":2,\"name\":\"b\"}",
        "line 1, column 27: `name` occurs twice in the top level; keep one",
    );
}

#[test]
fn lines_that_start_with_the_comma_stay_so() {
    for step in ["  ", "    ", "\t"] {
        let file = |entries: &[&str]| {
            let entries = entries.join(&format!("\n{step}, "));
            format!(
                "{{ \"name\": \"x\"\n, \"dependencies\":\n{step}{{ {entries}\n{step}}}\n, \"x\": 1\n}}\n"
            )
        };
        let (a, odd, z) = ("\"a\": \"1\"", "\"is-odd\": \"^3.0.0\"", "\"z\": \"1\"");
        for (before, after) in [
            (vec![a, z], vec![a, odd, z]),
            (vec![a, "\"b\": \"1\""], vec![a, "\"b\": \"1\"", odd]),
            (vec!["\"y\": \"1\"", z], vec![odd, "\"y\": \"1\"", z]),
            (vec![a], vec![a, odd]),
            (vec![z], vec![odd, z]),
        ] {
            check(&file(&before), &file(&after));
        }
    }
    check(
        "{\n    \"name\": \"x\"\n  , \"dependencies\": {\n        \"a\": \"1\"\n      , \"z\": \"1\"\n    }\n}\n",
        "{\n    \"name\": \"x\"\n  , \"dependencies\": {\n        \"a\": \"1\"\n      , \"is-odd\": \"^3.0.0\"\n      , \"z\": \"1\"\n    }\n}\n",
    );
    check(
        "{ \"name\": \"x\"\n, \"version\": \"1.0.0\"\n}\n",
        "{ \"name\": \"x\"\n, \"version\": \"1.0.0\"\n, \"dependencies\":\n  { \"is-odd\": \"^3.0.0\"\n  }\n}\n",
    );
    check(
        "{ \"name\": \"x\"\n, \"dependencies\": { \"a\": \"1\" }\n}\n",
        "{ \"name\": \"x\"\n, \"dependencies\": { \"a\": \"1\", \"is-odd\": \"^3.0.0\" }\n}\n",
    );
}
