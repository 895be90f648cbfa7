//! `docs/reference.md`: its tables are those of the schemas, and its examples give what they show.

use crate::support::{Sandbox, matches_or_updates};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const SCHEMAS: [&str; 4] = ["catalog", "recipe", "case", "selection"];

fn schema(name: &str) -> Value {
    let path = format!("{}/schema/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn document() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference.md")).unwrap()
}

/// A schema with the definitions that it refers to.
struct Schema {
    root: Value,
}

impl Schema {
    fn named(name: &str) -> Self {
        Self { root: schema(name) }
    }

    fn definition(&self, name: &str) -> &Value {
        &self.root["$defs"][name]
    }

    fn kinds(&self) -> &[Value] {
        self.definition("Action")["oneOf"]
            .as_array()
            .map_or(&[], |kinds| kinds)
    }

    fn kind(&self, name: &str) -> &Value {
        let mut kinds = self.kinds().iter();
        kinds
            .find(|kind| kind["properties"]["kind"]["const"] == name)
            .unwrap_or_else(|| panic!("no kind {name}"))
    }

    /// The fields that every kind of action has.
    fn common(&self) -> BTreeSet<String> {
        let fields = |kind: &Value| -> BTreeSet<String> {
            kind["properties"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect()
        };
        let all = self.kinds().iter().map(fields);
        all.reduce(|common, fields| &common & &fields).unwrap()
    }

    /// The values that a field may have, for readers.
    fn values(&self, field: &Value) -> String {
        if let Some(reference) = field["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap();
            let definition = self.definition(name);
            return match words(definition) {
                Some(words) => words,
                None if name.starts_with("OneOrMany_") => {
                    let one = name.trim_start_matches("OneOrMany_");
                    format!("`{one}` or a list of them")
                }
                None => format!("`{name}`"),
            };
        }
        if let Some(variants) = field["anyOf"].as_array() {
            let variants = variants.iter().filter(|variant| variant["type"] != "null");
            let values: Vec<String> = variants.map(|variant| self.values(variant)).collect();
            return values.join(" or ");
        }
        let kinds: Vec<&str> = match &field["type"] {
            Value::String(one) => vec![one],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => return "any value".to_owned(),
        };
        match kinds[0] {
            "array" => format!("list of {}", self.values(&field["items"])),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => match (&field["minimum"], &field["maximum"]) {
                (Value::Number(min), Value::Number(max)) => format!("number from {min} to {max}"),
                _ => "number".to_owned(),
            },
            "object" => {
                let patterns = field["patternProperties"].as_object().unwrap();
                let (key, value) = patterns.iter().next().unwrap();
                let key = if key.contains("A-Z") { "input" } else { "path" };
                format!("{key} → {}", self.values(value))
            }
            "string" => "text".to_owned(),
            other => panic!("{other} has no words"),
        }
    }

    /// The meaning of a field; that of its type where it has none of its own.
    fn meaning(&self, name: &str, field: &Value) -> String {
        let of_type = || {
            let reference = field["$ref"].as_str()?;
            self.definition(reference.rsplit('/').next()?)["description"].as_str()
        };
        let text = field["description"].as_str().or_else(of_type);
        one_line(text.unwrap_or_else(|| panic!("`{name}` has no description: {field}")))
    }

    fn table(&self, object: &Value, is_shown: impl Fn(&str) -> bool) -> String {
        let mut table = "| field | value | default | meaning |\n|---|---|---|---|\n".to_owned();
        if object["additionalProperties"].is_object() {
            let values = self.values(&object["additionalProperties"]);
            let meaning = "An option of this category, or several.";
            writeln!(table, "| *category* | {values} | – | {meaning} |").unwrap();
        }
        let required: Vec<&str> = object["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let (first, rest): (Vec<_>, Vec<_>) = object["properties"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.as_str() != "kind" && is_shown(name))
            .partition(|(name, _)| required.contains(&name.as_str()));
        for (name, field) in first.into_iter().chain(rest) {
            let default = match &field["default"] {
                _ if required.contains(&name.as_str()) => "required".to_owned(),
                Value::Null => "–".to_owned(),
                Value::String(word) => format!("`{word}`"),
                other => format!("`{other}`"),
            };
            let (values, meaning) = (self.values(field), self.meaning(name, field));
            writeln!(table, "| `{name}` | {values} | {default} | {meaning} |").unwrap();
        }
        table
    }
}

/// The words of a type that has only certain ones.
fn words(definition: &Value) -> Option<String> {
    let of_variants = |variants: &Vec<Value>| {
        let words = variants.iter().map(|variant| variant["const"].as_str());
        words
            .map(|word| Some(word?.to_owned()))
            .collect::<Option<Vec<_>>>()
    };
    let plain = |words: &Vec<Value>| {
        let words = words.iter().map(|word| word.as_str().map(str::to_owned));
        words.collect::<Option<Vec<_>>>()
    };
    let words = match (&definition["oneOf"], &definition["enum"]) {
        (Value::Array(variants), _) => of_variants(variants),
        (_, Value::Array(words)) => plain(words),
        _ => None,
    }?;
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    Some(words.join(", "))
}

/// The words of a type, each with its meaning; `None` where they have none.
fn explained(definition: &Value) -> Option<String> {
    let variants = definition["oneOf"].as_array()?;
    let explained = variants.iter().map(|variant| {
        let (word, meaning) = (variant["const"].as_str()?, variant["description"].as_str()?);
        Some(format!("`{word}`: {}", one_line(meaning)))
    });
    let explained: Vec<String> = explained.collect::<Option<_>>()?;
    Some(explained.join(" "))
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// The lines between two marks.
fn generated(mark: &str) -> String {
    let words: Vec<&str> = mark.split_whitespace().collect();
    match words.as_slice() {
        ["fields:", name] => {
            let schema = Schema::named(name);
            schema.table(&schema.root, |_| true)
        }
        ["fields:", name, "Action", "common"] => {
            let schema = Schema::named(name);
            let common = schema.common();
            schema.table(&schema.kinds()[0], |field| common.contains(field))
        }
        ["fields:", name, "Action", kind] => {
            let schema = Schema::named(name);
            let common = schema.common();
            let object = schema.kind(kind);
            let intro = one_line(object["description"].as_str().unwrap());
            let table = schema.table(object, |field| !common.contains(field));
            format!("{intro}\n\n{table}")
        }
        ["fields:", name, definition] => {
            let schema = Schema::named(name);
            schema.table(schema.definition(definition), |_| true)
        }
        ["values:", name, definition] => {
            let schema = Schema::named(name);
            let mut table = "| word | value |\n|---|---|\n".to_owned();
            for variant in schema.definition(definition)["oneOf"].as_array().unwrap() {
                let word = variant["const"].as_str().unwrap();
                let meaning = one_line(variant["description"].as_str().unwrap());
                writeln!(table, "| `{word}` | {meaning} |").unwrap();
            }
            table
        }
        ["types:", names @ ..] => types(names),
        other => panic!("unknown mark {other:?}"),
    }
}

/// The types of texts by name, with their patterns, and the words of the others.
fn types(names: &[&str]) -> String {
    let mut rows = BTreeMap::new();
    for name in names {
        let schema = schema(name);
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            let meaning = definition["description"].as_str().map(one_line);
            let row = if let Some(pattern) = definition["pattern"].as_str() {
                let longest = &definition["maxLength"];
                let pattern = one_line(pattern);
                format!(
                    "{} At most {longest} characters; pattern `{pattern}` |",
                    meaning.unwrap()
                )
            } else if let Some(words) = explained(definition).or_else(|| words(definition)) {
                format!("{} {words} |", meaning.unwrap())
            } else {
                continue;
            };
            rows.insert(name.clone(), format!("| `{name}` | {row}\n"));
        }
    }
    let rows: String = rows.into_values().collect();
    format!("| name | rule |\n|---|---|\n{rows}")
}

const END: &str = "<!-- end -->\n";

/// The document with its tables made anew, and the marks of the tables.
fn renewed(text: &str) -> (String, Vec<String>) {
    let (mut new, mut marks) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find("<!-- ") {
        let (before, marked) = rest.split_at(start);
        let (line, body) = marked.split_once('\n').unwrap();
        let mark = line.trim_start_matches("<!-- ").trim_end_matches(" -->");
        let end = body
            .find(END)
            .unwrap_or_else(|| panic!("{mark} has no end"));
        write!(new, "{before}{line}\n{}{END}", generated(mark)).unwrap();
        marks.push(mark.to_owned());
        rest = &body[end + END.len()..];
    }
    (new + rest, marks)
}

#[test]
fn the_tables_are_those_of_the_schemas_and_leave_nothing_out() {
    let (new, marks) = renewed(&document());
    matches_or_updates(Path::new("docs/reference.md"), &new);
    for name in SCHEMAS {
        let schema = Schema::named(name);
        assert!(marks.contains(&format!("fields: {name}")), "{name}");
        for (definition, value) in schema.root["$defs"].as_object().unwrap() {
            // No author writes a `KeyOrder`: the program adds it to a plan.
            let is_simple = ["SelectedOptions", "KeyOrder"].contains(&definition.as_str());
            let is_object = value["type"] == "object" && !is_simple;
            let is_shown = marks.iter().any(|shown| shown.ends_with(definition));
            assert!(!is_object || is_shown, "{name}: {definition} has no table");
        }
        for kind in schema.kinds() {
            let kind = kind["properties"]["kind"]["const"].as_str().unwrap();
            let mark = format!("fields: recipe Action {kind}");
            assert!(marks.contains(&mark), "{kind} has no table");
        }
    }
}

/// A block of the document: the heading above it, the words after its language, and its text.
struct Block {
    heading: String,
    info: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let text = document();
    let (mut blocks, mut heading) = (Vec::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix('#') {
            title
                .trim_start_matches('#')
                .trim()
                .clone_into(&mut heading);
        }
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let body = lines.by_ref().take_while(|line| *line != "```");
        let text = body.flat_map(|line| [line, "\n"]).collect();
        let (_, info) = info.split_once(' ').unwrap_or((info, ""));
        blocks.push(Block {
            heading: heading.clone(),
            info: info.to_owned(),
            text,
        });
    }
    blocks
}

#[test]
fn the_examples_of_documents_are_valid() {
    let sandbox = Sandbox::with_demo();
    let mut catalog = "catalog: example\nplaceholders: [PRODUCT_SLUG]\n".to_owned();
    let mut documents = Vec::new();
    for Block { info, text, .. } in blocks() {
        match info.as_str() {
            "example" => catalog += &text,
            "example recipe" => documents.push(text),
            "example selection" => {
                sandbox.write("selection.yaml", text);
                sandbox.preview(&["--selection", "selection.yaml"]).exits(0);
            }
            "example case" => {
                sandbox.write("catalog/demo/cases/example.yaml", text);
                sandbox.groundplan(["test", ".", "--accept"]).exits(0);
                sandbox.groundplan(["test", "."]).exits(0);
            }
            _ => {}
        }
    }
    let keys = ["title", "template", "categories", "inputs", "slug", "moved"];
    assert!(keys.iter().all(|key| catalog.contains(&format!("{key}:"))));
    assert_eq!(documents.len(), 2);
    documents.insert(0, catalog);
    for (number, text) in documents.into_iter().enumerate() {
        let file = if number == 0 {
            "catalog.yaml".to_owned()
        } else {
            format!("{number}.yaml")
        };
        sandbox.write(&file, text);
        sandbox.groundplan(["check", &file]).exits(0);
    }
}

#[test]
fn the_example_of_each_kind_gives_the_files_that_it_shows() {
    let all = blocks();
    for kind in Schema::named("recipe").kinds() {
        let kind = kind["properties"]["kind"]["const"].as_str().unwrap();
        let sandbox = Sandbox::with_demo();
        let own: Vec<&Block> = all.iter().filter(|block| block.heading == kind).collect();
        for Block { info, text, .. } in &own {
            match info.split_once('=') {
                None if info == "recipe" => {
                    sandbox.write("recipes/demo/auth/none.yaml", text);
                }
                Some(("before", path)) => {
                    sandbox.write(&format!("catalog/demo/template/{path}"), text);
                }
                Some(("beside", path)) => {
                    sandbox.write(&format!("recipes/demo/auth/none/{path}"), text);
                }
                _ => {}
            }
        }
        sandbox
            .make(&["--select", "auth=none", "--into", "out"])
            .exits(0);
        let mut shown = 0;
        for Block { info, text, .. } in own {
            let Some((word, path)) = info.split_once('=') else {
                continue;
            };
            let path = format!("out/{path}");
            match word {
                "after" => assert_eq!(sandbox.read(&path), *text, "{kind}: {path}"),
                "contains" => {
                    let whole = sandbox.read(&path);
                    assert!(whole.contains(text.trim_end()), "{kind}: {path}: {whole}");
                }
                "gone" => assert!(!sandbox.join(&path).exists(), "{kind}: {path}"),
                _ => continue,
            }
            shown += 1;
        }
        assert!(shown > 0, "{kind} has no example");
    }
}
