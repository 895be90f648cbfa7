//! Edits of values in JSON and TOML texts.

use super::*;
use crate::model::ordered_value::KeyOrder;
use proptest::prelude::*;
use serde_json::json;

fn ordered(value: &Value) -> OrderedValue {
    OrderedValue::of(value, &KeyOrder::default())
}

#[track_caller]
fn check(format: ValueFormat, before: &str, pointer: &str, value: &Value, after: &str) {
    let pointer = ValuePointer::parse(pointer).expect("a pointer");
    let value = &ordered(value);
    let once = set(format, before, &pointer, value).expect("a value that can be set");
    assert_eq!(
        once.as_deref().unwrap_or(before),
        after,
        "{pointer} of {before}"
    );
    assert_eq!(
        set(format, after, &pointer, value),
        Ok(None),
        "a second run must find the value"
    );
}

#[test]
fn a_value_of_json_is_replaced_in_its_place() {
    let check = |before: &str, pointer: &str, value: Value, after: &str| {
        check(ValueFormat::Json, before, pointer, &value, after);
    };
    check(r#"{"a":1,"b":2}"#, "/a", json!("x"), r#"{"a":"x","b":2}"#);
    check(
        "{\n  // why\n  \"a\": 1, // so\n  \"b\": [1, 2,],\n}\n",
        "/a",
        json!(3),
        "{\n  // why\n  \"a\": 3, // so\n  \"b\": [1, 2,],\n}\n",
    );
    check(
        "{\n\t\"a\": {}\n}",
        "/a",
        json!({"b": [1]}),
        "{\n\t\"a\": {\n\t\t\"b\": [1]\n\t}\n}",
    );
    check(
        "{\"a\": [1, {\"b\": 2}]}",
        "/a/1/b",
        json!(null),
        "{\"a\": [1, {\"b\": null}]}",
    );
    check(
        "{\"a/b\": {\"~\": 1}}",
        "/a~1b/~0",
        json!(2),
        "{\"a/b\": {\"~\": 2}}",
    );
}

#[test]
fn a_new_key_of_json_is_last_with_the_indentation_of_its_siblings() {
    let check = |before: &str, pointer: &str, value: Value, after: &str| {
        check(ValueFormat::Json, before, pointer, &value, after);
    };
    check(
        "{\n    \"a\": 1\n}\n",
        "/b",
        json!(2),
        "{\n    \"a\": 1,\n    \"b\": 2\n}\n",
    );
    check(
        "{\n  \"a\": 1, // one\n  \"b\": 2 // two, three\n}\n",
        "/c",
        json!("x"),
        "{\n  \"a\": 1, // one\n  \"b\": 2, // two, three\n  \"c\": \"x\"\n}\n",
    );
    check(
        "{ \"a\": 1 }",
        "/b/c",
        json!([1]),
        "{ \"a\": 1, \"b\": { \"c\": [1] } }",
    );
    check(
        "{\n  \"scripts\": {}\n}\n",
        "/scripts/test",
        json!("vitest"),
        "{\n  \"scripts\": {\n    \"test\": \"vitest\"\n  }\n}\n",
    );
    check(
        "{}\n",
        "/a/b",
        json!(1),
        "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n",
    );
    check(
        "{\n  \"a\": [\n    1\n  ]\n}",
        "/a/-",
        json!(2),
        "{\n  \"a\": [\n    1,\n    2\n  ]\n}",
    );
    check("[1]", "/1", json!(2), "[1, 2]");
    check("[1, 2]", "/-", json!(2), "[1, 2]");
    check(
        "{\n  /* a, b */\n  \"a\": 1,\n}\n",
        "/b",
        json!(2),
        "{\n  /* a, b */\n  \"a\": 1,\n  \"b\": 2,\n}\n",
    );
}

#[test]
fn a_value_of_toml_is_set_and_comments_stay() {
    let check = |before: &str, pointer: &str, value: Value, after: &str| {
        check(ValueFormat::Toml, before, pointer, &value, after);
    };
    check(
        "# top\n[a]\nx = 1 # one\n\n[b]\ny = 2\n",
        "/a/x",
        json!("two"),
        "# top\n[a]\nx = \"two\" # one\n\n[b]\ny = 2\n",
    );
    check(
        "[a]\nx = 1\n\n[b]\ny = 2\n",
        "/a/z",
        json!(3),
        "[a]\nx = 1\nz = 3\n\n[b]\ny = 2\n",
    );
    check(
        "[a]\n  x = 1\n",
        "/a/z",
        json!(true),
        "[a]\n  x = 1\n  z = true\n",
    );
    check(
        "x = 1\n",
        "/tool/ruff/line-length",
        json!(100),
        "x = 1\n\n[tool.ruff]\nline-length = 100\n",
    );
    check(
        "a = { b = 1 }\n",
        "/a/c",
        json!("x"),
        "a = { b = 1, c = \"x\" }\n",
    );
    check("a = [\"x\"]\n", "/a/-", json!("y"), "a = [\"x\", \"y\"]\n");
    check(
        "a = [\n    \"x\",\n]\n",
        "/a/-",
        json!("y"),
        "a = [\n    \"x\",\n    \"y\",\n]\n",
    );
    check(
        "[[bin]]\nname = \"a\"\n",
        "/bin/0/name",
        json!("b"),
        "[[bin]]\nname = \"b\"\n",
    );
}

#[test]
fn a_value_of_yaml_is_set_and_everything_else_stays() {
    let check = |before: &str, pointer: &str, value: Value, after: &str| {
        check(ValueFormat::Yaml, before, pointer, &value, after);
    };
    check(
        "a: 1 # one\nb:   two   # 2\n",
        "/b",
        json!("x"),
        "a: 1 # one\nb:   x   # 2\n",
    );
    check(
        "a: 'x'\nb: \"y\" # c\n",
        "/b",
        json!("z"),
        "a: 'x'\nb: \"z\" # c\n",
    );
    check(
        "jobs:\n    build:\n        os: linux\n        # end\n\n# last\n",
        "/jobs/build/time/limit",
        json!(10),
        "jobs:\n    build:\n        os: linux\n        time:\n            limit: 10\n        # end\n\n# last\n",
    );
    check(
        "s:\n- a # x\n- b\nt: 1\n",
        "/s/-",
        json!("c"),
        "s:\n- a # x\n- b\n- c\nt: 1\n",
    );
    check(
        "s: [a, b] # x\n",
        "/s/-",
        json!("c d"),
        "s: [a, b, c d] # x\n",
    );
    check("s: [a, b]\n", "/s/0", json!(1), "s: [1, b]\n");
    check(
        "run: |-\n   a\n  \n   b\nn: 1\n",
        "/n",
        json!(2),
        "run: |-\n   a\n  \n   b\nn: 2\n",
    );
    check(
        "run: |\n  a\nn: 1\n",
        "/run",
        json!("b\nc\n"),
        "run: |\n  b\n  c\nn: 1\n",
    );
    check(
        "x: &a\n  b: 1\ny:\n  <<: *a\n  c: 2\n",
        "/y/c",
        json!(3),
        "x: &a\n  b: 1\ny:\n  <<: *a\n  c: 3\n",
    );
    check(
        "---\na: 1\n...\n",
        "/b",
        json!({ "c": [true] }),
        "---\na: 1\nb:\n  c:\n    - true\n...\n",
    );
    check("a: 1", "/b", json!("x"), "a: 1\nb: x");
    check(
        "# nothing yet\n",
        "/a/b",
        json!(1),
        "# nothing yet\na:\n  b: 1\n",
    );
    check(
        "a:\n  - b: 1 # one\n  - b: 2\n",
        "/a/1/b",
        json!(3),
        "a:\n  - b: 1 # one\n  - b: 3\n",
    );
}

#[test]
fn texts_that_another_version_of_yaml_reads_differently_are_quoted() {
    for text in [
        "no",
        "on",
        "1.0",
        "12:30",
        "2024-01-01",
        "0x1f",
        "~",
        "null",
    ] {
        let after = format!("a: x\nb: '{text}'\n");
        check(ValueFormat::Yaml, "a: x\n", "/b", &json!(text), &after);
        let after = format!("a:\n  - '{text}'\n  - c: '{text}'\n");
        let list = json!([text, { "c": text }]);
        check(ValueFormat::Yaml, "a:\n  - 1\n", "/a", &list, &after);
    }
}

#[test]
fn yaml_that_is_shared_or_tagged_is_not_changed() {
    for (text, pointer) in [
        ("x: &a\n  b: 1\ny: *a\n", "/y/b"),
        ("x: &a 1\ny: *a\n", "/x"),
        ("x: !ref a\n", "/x/b"),
        ("a: 1\n---\nb: 2\n", "/a"),
        ("a: 1\na: 2\n", "/a"),
        ("a:\n", "/a/b"),
        ("8080: x\n'8080': y\n", "/8080"),
        ("a: [1\n", "/a/0"),
    ] {
        let pointer = ValuePointer::parse(pointer).expect("a pointer");
        let refused = set(ValueFormat::Yaml, text, &pointer, &ordered(&json!(5)));
        assert!(refused.is_err(), "{text}: {refused:?}");
    }
}

#[test]
fn what_has_no_place_is_refused() {
    let refused = |format, text: &str, pointer: &str, value: Value| {
        let pointer = ValuePointer::parse(pointer).expect("a pointer");
        set(format, text, &pointer, &ordered(&value))
            .expect_err(text)
            .to_string()
    };
    let json = |text, pointer| refused(ValueFormat::Json, text, pointer, json!(1));
    assert_eq!(
        json("{\"a\": 1}", "/a/b"),
        "`/a` is a number, which has no `b`"
    );
    assert_eq!(
        json("{\"a\": [1]}", "/a/3"),
        "`/a` has 1 entries, and no entry `3`"
    );
    assert_eq!(
        json("{\"a\": [1]}", "/a/01"),
        "`/a` has 1 entries, and no entry `01`"
    );
    assert!(json("{\"a\": 1, \"a\": 2}", "/b").contains("occurs twice"));
    assert!(json("{\"a\": ", "/b").starts_with("not valid JSON"));
    assert!(json(&"[".repeat(10_000), "/0").starts_with("not valid JSON"));
    let toml = |text, value| refused(ValueFormat::Toml, text, "/a", value);
    assert_eq!(toml("", json!(null)), "TOML has no value for null");
    assert!(toml("a = ", json!(1)).starts_with("not valid TOML"));
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\é ]{0,6}".prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let object = |inner: BoxedStrategy<Value>| {
        prop::collection::btree_map("[a-c~/]", inner, 0..4)
            .prop_map(|entries| Value::Object(entries.into_iter().collect()))
    };
    let nested = leaf().prop_recursive(3, 16, 4, move |inner| {
        let object = object(inner.clone().boxed());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            object
        ]
    });
    prop::collection::btree_map("[a-c~/]", nested, 0..4)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

proptest! {
    #[test]
    fn only_the_value_at_the_pointer_changes(
        before in document(),
        keys in prop::collection::vec("[a-c0-1~/]", 1..4),
        value in document(),
        is_pretty in any::<bool>(),
    ) {
        let escaped = keys.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1")));
        let pointer = ValuePointer::parse(&escaped.collect::<String>()).unwrap();
        let json = if is_pretty {
            serde_json::to_string_pretty(&before).unwrap()
        } else {
            before.to_string()
        };
        let mut expected = before.clone();
        if let Ok(changed) = set(ValueFormat::Json, &json, &pointer, &ordered(&value)) {
            insert(&mut expected, &pointer.tokens(), &value);
            let text = changed.unwrap_or_else(|| json.clone());
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
            prop_assert_eq!(set(ValueFormat::Json, &text, &pointer, &ordered(&value)), Ok(None));
        }
        if let Ok(changed) = set(ValueFormat::Yaml, &json, &pointer, &ordered(&value)) {
            let text = changed.unwrap_or(json);
            prop_assert_eq!(set(ValueFormat::Yaml, &text, &pointer, &ordered(&value)), Ok(None));
        }
        let document = ValuePointer::parse("/document").unwrap();
        let below = ValuePointer::parse(&format!("/document{pointer}")).unwrap();
        if let Ok(Some(text)) = set(ValueFormat::Yaml, "# why\n", &document, &ordered(&before))
            && let Ok(Some(changed)) = set(ValueFormat::Yaml, &text, &below, &ordered(&value))
        {
            prop_assert!(changed.starts_with("# why\n"));
            prop_assert_eq!(set(ValueFormat::Yaml, &changed, &below, &ordered(&value)), Ok(None));
        }
        if let Ok(Some(text)) = set(ValueFormat::Toml, "", &document, &ordered(&before))
            && let Ok(Some(changed)) = set(ValueFormat::Toml, &text, &below, &ordered(&value))
        {
            prop_assert_eq!(set(ValueFormat::Toml, &changed, &below, &ordered(&value)), Ok(None));
        }
    }
}
