//! The tables in `tests/data`, row by row. A failure lists every wrong row.

use crate::support::{PRODUCT, Ran, Sandbox};
use groundplan::model::canonical;
use groundplan::model::dependency::{Ecosystem, VersionRange};
use groundplan::model::digest::Digest;
use groundplan::model::path::SafeRelPath;
use serde_json::{Map, Value, json};

const PATHS: &str = include_str!("data/paths.tsv");
const CANONICAL: &str = include_str!("data/canonical_json.json");
const NOT_CANONICAL: &str = include_str!("data/canonical_json_reject.json");
const NUMBERS: &str = include_str!("data/numbers.csv");
const NPM_RANGES: &str = include_str!("data/npm_ranges.tsv");
const HOSTILE: &str = include_str!("data/hostile_documents.json");

/// Fails with all rows that are wrong; a table of no rows is wrong too.
#[track_caller]
fn every_row(rows: impl IntoIterator<Item = Result<(), String>>) {
    let mut count = 0;
    let wrong: Vec<String> = rows
        .into_iter()
        .inspect(|_| count += 1)
        .filter_map(Result::err)
        .collect();
    assert!(count > 0, "the table is empty");
    assert!(
        wrong.is_empty(),
        "{} of {count} rows are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn verdict(subject: &str, expected: &str, error: Option<String>) -> Result<(), String> {
    match (expected, error) {
        ("accept", None) | ("reject", Some(_)) => Ok(()),
        ("accept", Some(error)) => Err(format!("{subject} was refused: {error}")),
        ("reject", None) => Err(format!("{subject} was accepted")),
        (other, _) => Err(format!("{subject} has the unknown verdict {other}")),
    }
}

#[test]
fn paths_are_accepted_and_refused_as_listed() {
    every_row(PATHS.lines().skip(1).map(|row| {
        let [expected, path, reason] = row.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("{row}: not three columns"));
        };
        let error = match serde_json::from_str::<String>(path) {
            Ok(path) => SafeRelPath::parse(&path)
                .err()
                .map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        verdict(&format!("{path} ({reason})"), expected, error)
    }));
}

#[test]
fn npm_ranges_are_accepted_and_refused_as_listed() {
    every_row(NPM_RANGES.lines().map(|row| {
        let (range, expected) = row.split_once('\t').ok_or("not two columns")?;
        let error = VersionRange::parse(Ecosystem::Npm, range).err();
        verdict(
            &format!("{range:?}"),
            expected,
            error.map(|error| error.to_string()),
        )
    }));
}

#[test]
fn canonical_texts_and_their_hashes_are_as_listed() {
    let cases: Vec<Value> = serde_json::from_str(CANONICAL).unwrap();
    every_row(cases.iter().map(|case| {
        let (id, input) = (&case["id"], case["input"].as_str().unwrap());
        let value = match canonical::parse(input.as_bytes()) {
            Ok(value) => value,
            Err(_) if case["expect"] == "canonical_or_reject" => return Ok(()),
            Err(error) => return Err(format!("{id}: {input:?} was refused: {error}")),
        };
        let bytes = canonical::to_vec(&value);
        let text = String::from_utf8(bytes.clone()).map_err(|error| format!("{id}: {error}"))?;
        let sha256 = Digest::of(&bytes).to_string();
        if case["canonical"] == text && case["sha256"] == sha256 {
            Ok(())
        } else {
            Err(format!("{id}: {input:?} became {text:?} with {sha256}"))
        }
    }));
}

#[test]
fn ambiguous_texts_are_refused() {
    let cases: Vec<Value> = serde_json::from_str(NOT_CANONICAL).unwrap();
    every_row(cases.iter().map(|case| {
        let input = case["input"].as_str().unwrap();
        let error = canonical::parse(input.as_bytes()).err();
        let subject = format!(
            "{}: {} ({})",
            case["id"],
            input.chars().take(60).collect::<String>().escape_debug(),
            case["note"]
        );
        verdict(&subject, "reject", error.map(|error| error.to_string()))
    }));
}

#[test]
fn numbers_have_the_form_of_ecmascript() {
    every_row(NUMBERS.lines().skip(1).map(|row| {
        let (hex, expected) = row.split_once(',').ok_or("not two columns")?;
        let bits = u64::from_str_radix(hex, 16).map_err(|error| format!("{row}: {error}"))?;
        let written = canonical::to_vec(&json!(f64::from_bits(bits)));
        let back = canonical::parse(expected.as_bytes()).map(|value| canonical::to_vec(&value));
        // An integer beyond 2^53 is canonical as a double, but no text that is read back (RFC 7493).
        let is_unsafe = expected.bytes().all(|b| b.is_ascii_digit() || b == b'-')
            && f64::from_bits(bits).abs() > 9_007_199_254_740_991.0;
        let comes_back = back.as_ref().is_ok_and(|back| back == expected.as_bytes());
        if written == expected.as_bytes() && (comes_back || is_unsafe) {
            Ok(())
        } else {
            let written = String::from_utf8_lossy(&written);
            Err(format!("{row}: became {written}, read back as {back:?}"))
        }
    }));
}

#[test]
fn the_program_prints_the_canonical_bytes_and_their_hash() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{\"b\": [1.0, \"\\u20ac\"], \"a\": 1e3}");
    let text = sandbox.groundplan(["canonical", "a.json"]).exits(0);
    assert_eq!(text.stdout, "{\"a\":1000,\"b\":[1,\"€\"]}");
    let json = sandbox
        .groundplan(["canonical", "a.json", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(json["canonical"], text.stdout);
    assert_eq!(
        json["sha256"],
        Digest::of(text.stdout.as_bytes()).to_string()
    );
}

#[test]
fn hostile_documents_have_the_listed_results() {
    let table: Value = serde_json::from_str(HOSTILE).unwrap();
    let cases = table["cases"].as_array().unwrap();
    every_row(cases.iter().map(|case| {
        Hostile::new(case)
            .run()
            .map_err(|error| format!("{} {}: {error}", case["id"], case["title"]))
    }));
}

/// One case of `hostile_documents.json`, in the fields and placeholders of this program.
struct Hostile<'c> {
    case: &'c Value,
    /// The whole document when it is given as text, else our recipe.
    recipe: String,
    sandbox: Sandbox,
}

impl<'c> Hostile<'c> {
    fn new(case: &'c Value) -> Self {
        let sandbox = Sandbox::with_demo();
        for (path, content) in case["template"].as_object().into_iter().flatten() {
            let bytes = match &content["hex"] {
                Value::String(code) => hex::decode(code).unwrap(),
                _ => content.as_str().unwrap().as_bytes().to_vec(),
            };
            sandbox.write(&format!("catalog/demo/template/{path}"), bytes);
        }
        let recipe = match case["document_text"].as_str() {
            Some(text) => text.to_owned(),
            None => ours(&case["document"]).to_string(),
        };
        sandbox.write("recipes/demo/auth/session.yaml", &recipe);
        sandbox.write("recipe.json", &recipe);
        Self {
            case,
            recipe,
            sandbox,
        }
    }

    fn run(&self) -> Result<(), String> {
        let before = self.sandbox.files();
        let checks = [".", "recipes/demo/auth/session.yaml", "recipe.json"]
            .map(|path| self.sandbox.groundplan(["check", path, "--format", "json"]));
        let previewed = self.product("preview", &[]);
        if self.sandbox.files() != before {
            return Err(format!("a preview left {:?}", self.sandbox.files()));
        }
        let made = self.product("new", &["--into", "out"]);
        let mut classes = vec![self.case["expected"].as_str().unwrap()];
        classes.extend(
            self.case["also_acceptable"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str),
        );
        let ended = self.class(&checks, &previewed, &made)?;
        if !classes.contains(&ended) {
            let stderr = &made.stderr;
            return Err(format!("ended as {ended}, not as {classes:?}\n{stderr}"));
        }
        self.must_not(&before, &made)
    }

    fn product(&self, command: &str, more: &[&str]) -> Ran {
        let value = self.case["inputs"].as_object();
        let value = value.and_then(|inputs| inputs.values().next()?.as_str());
        let name = value.map_or("Acme Web".to_owned(), our_placeholders);
        let mut args = vec![command, "--catalog", ".", "--defaults"];
        args.extend(PRODUCT);
        args[5] = &name;
        args.extend(["--slug", "acme-web"]);
        args.extend(more);
        self.sandbox.groundplan(args)
    }

    /// How the case ended, in the table's words.
    fn class(&self, checks: &[Ran], previewed: &Ran, made: &Ran) -> Result<&'static str, String> {
        if previewed.code != made.code {
            return Err(format!(
                "preview exits {}, new exits {}",
                previewed.code, made.code
            ));
        }
        // The check of the folder tries the recipe over the template, as a preview does; that of a file has no template.
        let is_found_at_run_time = checks[1..].iter().all(|ran| ran.code == 0)
            && checks[0].json()["diagnostics"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|finding| finding["severity"] == "error")
                .all(|finding| finding["code"].as_str().unwrap().starts_with("GP7"));
        if is_found_at_run_time {
            return match (made.code, self.sandbox.join("out").exists()) {
                (0, true) => Ok("OK_LITERAL"),
                (1, false) => Ok("FAIL_RUNTIME_CLEAN"),
                (code, exists) => Err(format!("exit {code}, repository made: {exists}")),
            };
        }
        if let Some(ran) = checks.iter().find(|ran| ran.code != 1) {
            return Err(format!("a check exits {}: {}", ran.code, ran.stderr));
        }
        if made.code != 1 || self.sandbox.join("out").exists() {
            return Err("a recipe that fails its check was used".to_owned());
        }
        let codes: Vec<String> = checks.iter().flat_map(Ran::findings).collect();
        let code = codes
            .iter()
            .map(|finding| finding.split(' ').next().unwrap())
            .find(|code| *code != "GP308")
            .ok_or("no finding besides the missing recipe")?;
        Ok(match code {
            "GP206" => "REJECT_PATH",
            "GP207" => "REJECT_POLICY",
            "GP101" | "GP106" | "GP408" => "REJECT_LIMIT",
            code if code.starts_with("GP1") => "REJECT_PARSE",
            code if code.starts_with("GP2") => "REJECT_SCHEMA",
            _ => return Err(format!("refused with {codes:?}")),
        })
    }

    /// What the table's `must_not` comes to here. It holds for every case, listed or not.
    fn must_not(&self, before: &[String], made: &Ran) -> Result<(), String> {
        let after = self.sandbox.files();
        let (inside, outside): (Vec<&String>, Vec<&String>) =
            after.iter().partition(|path| path.starts_with("out/"));
        if outside.into_iter().ne(before) {
            return Err(format!("files were left outside: {after:?}"));
        }
        let known = ["a.txt", "r.txt", "bad.txt"];
        for path in inside
            .iter()
            .filter(|path| known.iter().any(|name| path.ends_with(name)))
        {
            let content = std::fs::read(self.sandbox.join(path)).unwrap();
            if String::from_utf8_lossy(&content).contains("\\ufffd")
                || content.windows(3).any(|bytes| bytes == [0xef, 0xbf, 0xbd])
            {
                return Err(format!("`{path}` holds U+FFFD"));
            }
        }
        if made.stdout.contains('\u{fffd}') || made.stderr.contains('\u{fffd}') {
            return Err("the output holds U+FFFD".to_owned());
        }
        if made.code != 0 {
            return Ok(());
        }
        self.literally()
    }

    /// What was written is the payload itself.
    fn literally(&self) -> Result<(), String> {
        let recipe: Value =
            serde_json::from_str(&self.recipe).map_err(|error| error.to_string())?;
        for action in recipe["actions"].as_array().into_iter().flatten() {
            let text = |field: &str| action[field].as_str().unwrap_or_default();
            let path = text("path");
            let content = self.sandbox.read(&format!("out/{path}"));
            let expected = match text("kind") {
                "WRITE_FILE" => self.once(text("content")),
                "REPLACE_STRING" => self
                    .sandbox
                    .read(&format!("catalog/demo/template/{path}"))
                    .replace(text("find"), text("replace")),
                _ => continue,
            };
            if content != expected {
                return Err(format!("`{path}` holds {content:?}, not {expected:?}"));
            }
        }
        Ok(())
    }

    /// One pass of the product's name.
    fn once(&self, text: &str) -> String {
        let value = self.case["inputs"].as_object();
        let value = value.and_then(|inputs| inputs.values().next()?.as_str());
        value.map_or(text.to_owned(), |value| {
            text.replace("__PRODUCT_NAME__", &our_placeholders(value))
        })
    }
}

/// The document in our fields: `type` is our `kind`; version, name and inputs are the catalogue's affair.
fn ours(document: &Value) -> Value {
    let mut actions: Vec<Value> = document["actions"].as_array().cloned().unwrap_or_default();
    if let Value::Object(generator) = &document["actions_generator"] {
        let count = generator["repeat"].as_u64().unwrap();
        let pattern = generator["action"].to_string();
        actions.extend((0..count).map(|number| {
            serde_json::from_str::<Value>(&pattern.replace("{i}", &number.to_string())).unwrap()
        }));
    }
    let rename = |action: &Value| -> Value {
        let fields = action.as_object().unwrap().iter();
        let fields = fields.map(|(field, value)| {
            let field = if field == "type" { "kind" } else { field };
            let value = value
                .as_str()
                .map_or_else(|| value.clone(), |text| json!(our_placeholders(text)));
            (field.to_owned(), value)
        });
        Value::Object(fields.collect::<Map<_, _>>())
    };
    json!({ "actions": actions.iter().map(rename).collect::<Vec<_>>() })
}

/// `{{a}}` stands for the one placeholder that takes free text.
fn our_placeholders(text: &str) -> String {
    text.replace("{{a}}", "__PRODUCT_NAME__")
}
