//! Documents that are deserialized at once have the results of documents that their JSON Schema validates first.

use groundplan::catalog::CatalogFile;
use groundplan::recipe::RecipeFile;
use groundplan::source::schema::{AsStrictAsSchema, Schema};
use groundplan::source::{self, node::Document};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

static CATALOGS: Schema<CatalogFile> = Schema::new();
static RECIPES: Schema<RecipeFile> = Schema::new();

/// A catalogue with every field.
const CATALOG: &str = "
catalog: demo
title: Demo
description: A catalogue
placeholders: [PRODUCT_NAME, PRODUCT_SLUG]
inputs:
  - name: PACKAGE
    title: Package
    help: The name of the package
    type: text
    pattern: '^[a-z]+$'
    reserved: [class]
    default: { from: PRODUCT_SLUG, case: snake }
  - name: PORT
    title: Port
    type: integer
    min: 1
    max: 9000
    default: 80
    when: { auth: [none], inputs: { PACKAGE: a } }
    unless: { auth: own }
  - { name: LICENCE, title: Licence, type: choice, options: [MIT, ISC], default: MIT }
slug: { pattern: '^[a-z]+$', reserved: [test] }
next_steps: [npm install]
settings:
  labels: [{ name: bug, color: d73a4a, description: Broken }]
  collaborators: [{ account: __PACKAGE__, role: write }]
  protection:
    enabled: true
    approvals: 1
    approvers: [jane]
    mergers: [acme/core]
    dismiss_stale_approvals: false
    include_administrators: true
  issues: [{ title: Begin, body: Read it, labels: [bug] }]
moved: [{ from: a.md, to: b.md }]
provenance: .record.json
symlinks: REFUSE
template:
  path: template
  version: v1
  exclude: ['*.tmp']
  files: [{ path: README.md, when: { auth: [none] }, unless: { auth: [own] } }]
categories:
  - slug: auth
    title: Sign-in
    description: The sign-in
    selection: SINGLE
    required: true
    formerly: [login]
    options:
      - { slug: none, title: None, description: Nothing, default: true, formerly: [off], next_steps: [a] }
      - slug: own
        title: Own
        requires: [extras/one]
        conflicts: [extras/two]
        settings: { labels: [{ name: login, color: '000000' }] }
  - slug: extras
    title: Extras
    selection: MULTI
    options: [{ slug: one, title: One }, { slug: two, title: Two }]
";

/// The fields that a catalogue with a template in a repository has instead.
const CATALOG_OF_REPOSITORY: &str = "
catalog: demo
title: Demo
template:
  repo: https://example.org/acme/template.git
  ref: v1
  sha: 341653f4686e0a1b2c3d4e5f60718293a4b5c6d7
categories: [{ slug: a, title: A, selection: SINGLE, options: [{ slug: b, title: B }] }]
";

/// A recipe with every kind of action and every field. Each kind has `COMMON` once.
const RECIPE: &str = "
include: [shared/lint.yaml]
actions:
  - { kind: COPY_FILE, from: a.md, to: b.md, if_exists: overwrite, COMMON }
  - { kind: COPY_FILE, template: a.md, to: b.md, when: { auth: none } }
  - { kind: WRITE_FILE, path: a.md, content: a, executable: true, COMMON }
  - { kind: WRITE_FILE, path: LICENSE, licence: MIT, holder: Acme, if_exists: keep }
  - { kind: APPEND_TO_FILE, path: a.md, content: a, create: true, after: b, COMMON }
  - { kind: APPEND_TO_FILE, path: a.md, content: a, before: b }
  - { kind: REPLACE_STRING, path: a.md, find: a, replace: b, count: 2, COMMON }
  - { kind: CREATE_ADR_STUB, number: 1, title: A, status: accepted, context: a, decision: b, consequences: c, COMMON }
  - { kind: ADD_DEPENDENCY, manifest: Cargo.toml, name: a, version: '1', section: devDependencies, features: [a],
      default_features: false, optional: true, extras: [b], group: c, workspace: false, COMMON }
  - { kind: SET_VALUE, path: a.json, pointer: /a, value: { b: [1] }, key_order: { '': [b] }, COMMON }
  - { kind: REMOVE_FILE, path: a.md, COMMON }
  - { kind: MOVE_FILE, from: a.md, to: b.md, COMMON }
";

/// The fields that every action may have.
const COMMON: &str = "execution_order: 5, when: { auth: [none] }, unless: { auth: own, inputs: { PORT: [80, 81] } }, any_path: true, \
    risk_level: LOW, role_required: MEMBER, side_effect: FILES, supports_dry_run: true";

/// The values that take the place of another one: of each type, and beside each limit.
fn replacements() -> Vec<Value> {
    let texts = [
        "",
        "a",
        "A b",
        "a\nb",
        "ä",
        "../a",
        "/a",
        "none",
        "1",
        "^(",
        "PRODUCT_SLUG",
    ];
    let numbers = [-1_000_001, -1, 0, 1, 9999, 10_000, 65_536, 1_000_001];
    let lengths = [20, 21, 50, 51, 100, 101, 214, 215, 256, 257, 1000, 1001];
    let lists = lengths.iter().map(|length| json!(vec!["a"; *length]));
    let long = lengths.iter().map(|length| json!("a".repeat(*length)));
    [
        Value::Null,
        json!(true),
        json!(1.5),
        json!([]),
        json!({}),
        json!({ "a": "b" }),
    ]
    .into_iter()
    .chain(texts.map(Value::from))
    .chain(numbers.map(Value::from))
    .chain(lists)
    .chain(long)
    .collect()
}

/// A change of one place of a document.
#[derive(Clone, Debug)]
enum Mutation {
    Remove,
    Replace(Value),
    /// An entry that the place may not have.
    Extend,
    /// A mapping with the text of the place as its only key, as serde also reads a word of an enum.
    Key(Value),
}

impl Mutation {
    fn all() -> Vec<Self> {
        let replaced = replacements().into_iter().map(Self::Replace);
        let keys = [Value::Null, json!({}), json!([])].map(Self::Key);
        let others = [Self::Remove, Self::Extend].into_iter().chain(keys);
        replaced.chain(others).collect()
    }

    fn apply(&self, document: &mut Value, pointer: &str) {
        let Some(place) = document.pointer_mut(pointer) else {
            return;
        };
        match self {
            Self::Replace(value) => *place = value.clone(),
            Self::Extend => match place {
                Value::Object(entries) => {
                    entries.insert("extra".to_owned(), json!(1));
                }
                Value::Array(entries) => entries.push(json!("extra")),
                _ => {}
            },
            Self::Remove => remove(document, pointer),
            Self::Key(value) => {
                if let Value::String(text) = place {
                    *place = json!({ text.as_str(): value });
                }
            }
        }
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let Some((above, key)) = pointer.rsplit_once('/') else {
        return;
    };
    match document.pointer_mut(above) {
        Some(Value::Object(entries)) => {
            entries.remove(&key.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(entries)) => {
            entries.remove(key.parse().unwrap());
        }
        _ => {}
    }
}

fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(entries) => {
            for (index, value) in entries.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn read(text: &str) -> Document {
    source::read("a.yaml", text.as_bytes()).unwrap()
}

/// The document of a value; none for one that the parser refuses, such as one that nests too deeply.
fn document(value: &Value) -> Option<Document> {
    source::read("a.json", value.to_string().as_bytes()).ok()
}

/// Compares both ways, and returns whether the document is valid.
fn compare<T: AsStrictAsSchema + Serialize + PartialEq + Debug>(
    schema: &Schema<T>,
    document: &Document,
) -> bool {
    let validated = schema.parse(document);
    let direct = schema.parse_directly(document);
    let text = document.text.content();
    assert!(
        direct == validated,
        "{direct:.300?}\n{validated:.300?}\n{text}"
    );
    validated.is_ok()
}

/// Fails for a field of the schema that no sample has.
fn names_every_field<T: JsonSchema>(samples: &[&str]) {
    let schema = schema_for!(T).to_value();
    let mut places = Vec::new();
    pointers(&schema, "", &mut places);
    let fields = places.iter().filter(|place| {
        let parent = place.rsplit_once('/').map(|(parent, _)| parent);
        parent.is_some_and(|parent| parent.ends_with("/properties"))
    });
    let mut named = BTreeSet::new();
    for sample in samples {
        visit(&schema, "", &read(sample).root.to_value(), &mut named);
    }
    let missing: Vec<&String> = fields.filter(|field| !named.contains(*field)).collect();
    assert!(missing.is_empty(), "no sample has {missing:#?}");
}

/// Collects the places in a schema of all fields of a value.
fn visit(schema: &Value, at: &str, value: &Value, named: &mut BTreeSet<String>) {
    let here = schema.pointer(at).unwrap();
    if let Some(Value::String(reference)) = here.get("$ref") {
        visit(schema, &reference[1..], value, named);
    }
    for list in ["anyOf", "oneOf", "allOf"] {
        let branches = here.get(list).and_then(Value::as_array);
        for (index, branch) in branches.into_iter().flatten().enumerate() {
            let kind = branch.pointer("/properties/kind/const");
            if kind.is_none_or(|kind| *kind == value["kind"]) {
                visit(schema, &format!("{at}/{list}/{index}"), value, named);
            }
        }
    }
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                let field = format!("{at}/properties/{name}");
                let others = format!("{at}/additionalProperties");
                if schema.pointer(&field).is_some() {
                    visit(schema, &field, value, named);
                    named.insert(field);
                } else if schema.pointer(&others).is_some_and(Value::is_object) {
                    visit(schema, &others, value, named);
                }
            }
        }
        Value::Array(entries) if here.get("items").is_some() => {
            for entry in entries {
                visit(schema, &format!("{at}/items"), entry, named);
            }
        }
        _ => {}
    }
}

/// Compares all documents that differ from a valid one in one place.
fn compare_neighbours<T: AsStrictAsSchema + Serialize + PartialEq + Debug>(
    schema: &Schema<T>,
    text: &str,
) {
    let valid = read(text);
    assert!(compare(schema, &valid), "{:?}", schema.parse(&valid));
    let valid = valid.root.to_value();
    let mut places = Vec::new();
    pointers(&valid, "", &mut places);
    let (mut accepted, mut refused) = (0, 0);
    for place in &places {
        for mutation in Mutation::all() {
            let mut changed = valid.clone();
            mutation.apply(&mut changed, place);
            match document(&changed) {
                Some(document) if compare(schema, &document) => accepted += 1,
                Some(_) => refused += 1,
                None => {}
            }
        }
    }
    assert!(
        accepted > places.len() && refused > places.len(),
        "{accepted} {refused}"
    );
}

#[test]
fn a_catalogue_with_one_change_has_one_result() {
    names_every_field::<CatalogFile>(&[CATALOG, CATALOG_OF_REPOSITORY]);
    compare_neighbours(&CATALOGS, CATALOG);
    compare_neighbours(&CATALOGS, CATALOG_OF_REPOSITORY);
}

#[test]
fn a_recipe_with_one_change_has_one_result() {
    let recipe = RECIPE.replace("COMMON", COMMON);
    names_every_field::<RecipeFile>(&[&recipe]);
    compare_neighbours(&RECIPES, &recipe);
}

/// The documents of the built-in catalogues: their kind and their value.
fn built_in() -> Vec<(bool, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["catalog", "recipes"]
        .into_iter()
        .flat_map(|folder| walk(&root.join(folder)));
    let documents = files.filter_map(|path| {
        let is_catalog = path.ends_with("/catalog.yaml");
        let is_yaml = Path::new(&path)
            .extension()
            .is_some_and(|end| end == "yaml");
        let is_recipe = is_yaml
            && ["/files/", "/template/", "/cases/"]
                .iter()
                .all(|folder| !path.contains(folder));
        let text = std::fs::read(&path).unwrap();
        let document = (is_catalog || is_recipe).then(|| source::read(&path, &text).ok())??;
        Some((is_catalog, document.root.to_value()))
    });
    documents.collect()
}

fn walk(folder: &Path) -> Vec<String> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    let below = entries.iter().flat_map(|entry| {
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path())
        } else {
            vec![entry.path().to_str().unwrap().to_owned()]
        }
    });
    below.collect()
}

#[test]
fn a_built_in_document_with_several_changes_has_one_result() {
    let documents = built_in();
    assert!(documents.len() > 40, "{}", documents.len());
    for (is_catalog, value) in &documents {
        let document = document(value).unwrap();
        let is_valid = if *is_catalog {
            compare(&CATALOGS, &document)
        } else {
            compare(&RECIPES, &document)
        };
        assert!(is_valid, "{value}");
    }
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let changes = prop::collection::vec((any::<Index>(), select(Mutation::all())), 1..4);
    proptest!(config, |(chosen in select(documents), changes in changes)| {
        let (is_catalog, mut value) = chosen;
        for (place, mutation) in changes {
            let mut places = Vec::new();
            pointers(&value, "", &mut places);
            mutation.apply(&mut value, place.get::<String>(&places));
        }
        if let Some(document) = document(&value) {
            if is_catalog {
                compare(&CATALOGS, &document);
            } else {
                compare(&RECIPES, &document);
            }
        }
    });
}
