//! Promises that examples cannot cover: containment of paths, one canonical form, twice equals once, one tree everywhere.

use crate::support::Sandbox;
use groundplan::interpret::{Interpretation, interpret};
use groundplan::model::action::{
    ACTION_SCHEMA_VERSION, Action, AddDependency, AdrStatus, AppendToFile, Common, CopyFile, Count,
    CreateAdrStub, IfExists, MoveFile, RemoveFile, ReplaceString, Section, SetValue, SingleLine,
    WriteFile,
};
use groundplan::model::canonical;
use groundplan::model::condition::InputValues;
use groundplan::model::content::{File, Mode, StoredFile};
use groundplan::model::date::Day;
use groundplan::model::digest::{Digest, GitId};
use groundplan::model::input::{Identity, Inputs, Owner, ProductName, RepoName};
use groundplan::model::ordered_value::KeyOrder;
use groundplan::model::path::{ActionPath, SafeRelPath, TreePath};
use groundplan::model::placeholder::BuiltInFact;
use groundplan::model::plan::{
    Origin, Plan, PlannedAction, ResolvedRecipe, TemplateOrigin, TemplatePin,
};
use groundplan::model::provenance::{CatalogSource, Provenance};
use groundplan::model::repository_settings::RepositorySettings;
use groundplan::model::selection::Selection;
use groundplan::model::slug::{OptionRef, Slug};
use groundplan::model::value_pointer::ValuePointer;
use groundplan::tree::disk::DiskTree;
use groundplan::tree::ids::{ObjectsError, tree_id};
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::overlay::Overlay;
use groundplan::tree::{Tree as _, TreeMut as _};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Number, Value};
use std::path::{Component, Path};

fn config() -> ProptestConfig {
    ProptestConfig {
        // No files of regressions: what is found becomes an example.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

// --- paths

/// Texts near the border of what a path may be.
fn path_text() -> impl Strategy<Value = String> {
    let segments = select(vec![
        "a", "B", "..", ".", "", ".git", ".GIT", "git~1", "-a", "a.", "aux", "con.txt", "a b", "é",
        "e\u{301}", "\u{202e}", "\0", "\\", "C:", "~", "[id]", ".github", "a\n", "nul.", "...",
    ]);
    prop_oneof![
        vec(segments, 0..6).prop_map(|segments| segments.join("/")),
        "[a-zA-Z0-9_./-]{0,40}",
        any::<String>(),
        (0usize..300).prop_map(|length| "x".repeat(length)),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_accepted_path_is_its_own_text_and_stays_below_the_root(text in path_text()) {
        if let Ok(path) = SafeRelPath::parse(&text) {
            let printed = path.to_string();
            prop_assert_eq!(&printed, &text);
            prop_assert_eq!(TreePath::parse(&text), Ok(path.as_tree().clone()));
        }
        if let Ok(path) = TreePath::parse(&text) {
            prop_assert_eq!(path.as_str(), &text);
            let joined = Path::new("/root").join(path.as_str());
            prop_assert!(joined.starts_with("/root") && joined != Path::new("/root"));
            let is_name = |part: Component<'_>| matches!(part, Component::Normal(_));
            prop_assert!(joined.components().skip(1).all(is_name));
        }
    }
}

// --- canonical form

fn json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        (-9_007_199_254_740_991i64..=9_007_199_254_740_991).prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number.prop_map(Value::Number),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::Array),
            btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The value as text, with its keys in another order and blanks between.
fn reversed(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(reversed).collect();
            format!("[ {} ]", items.join(" ,\n"))
        }
        Value::Object(map) => {
            let entry = |(key, value)| {
                format!(
                    "{} : {}",
                    Value::String(String::clone(key)),
                    reversed(value)
                )
            };
            let entries: Vec<_> = map.iter().rev().map(entry).collect();
            format!("{{ {} }}", entries.join(" ,\t"))
        }
        other => other.to_string(),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_canonical_form_knows_no_order_and_is_its_own(value in json()) {
        let once = canonical::to_vec(&value);
        let again = |text: &[u8]| canonical::parse(text).map(|value| canonical::to_vec(&value));
        // A float beyond 2^53 is written as an integer, which no text may hold.
        match again(reversed(&value).as_bytes()) {
            Ok(bytes) => prop_assert_eq!(&bytes, &once),
            Err(error) => prop_assert!(error.message.contains("2^53"), "{}", error),
        }
        match again(&once) {
            Ok(bytes) => prop_assert_eq!(&bytes, &once),
            Err(error) => prop_assert!(error.message.contains("2^53"), "{}", error),
        }
    }
}

// --- plans

const PATHS: [&str; 9] = [
    "a.txt",
    "A.txt",
    "b",
    "b/c.txt",
    "b/new/d.json",
    "data.json",
    "package.json",
    "docs/adr/README.md",
    ".scrum4me/bootstrap.json",
];

const TEXTS: [&str; 16] = [
    "",
    "x",
    "alpha",
    "alpha\n",
    "beta alpha\r\n",
    "one\ntwo",
    "\n\n",
    "__PRODUCT_NAME__",
    "__PRODUCT_NAME__\n__REPO_NAME__\n",
    "__PRODUCT_SLUG____PRODUCT_NAME__",
    "PRODUCT_NAME__",
    "__",
    "Acme",
    "\"quoted\" \\ {{x}} ${y}",
    "{\"name\": \"__PRODUCT_NAME__\"}\n",
    "- [1. Why](0001-why.md)\n",
];

const NAMES: [&str; 11] = [
    "Acme",
    "alpha",
    "beta alpha",
    "x",
    "a\"b\\c",
    "\\",
    "__PRODUCT_NAME__",
    "__REPO_NAME__ __PRODUCT_SLUG__",
    "__PRODUCT_NAME____PRODUCT_NAME__",
    "one two",
    "{{x}} </script> 🚀",
];

fn safe_path() -> impl Strategy<Value = ActionPath> {
    select(&PATHS[..]).prop_map(|path| ActionPath::parse(path).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&TEXTS[..]).prop_map(str::to_owned),
        1 => (select(&TEXTS[..]), select(&TEXTS[..])).prop_map(|(one, two)| format!("{one}{two}")),
    ]
}

fn common() -> impl Strategy<Value = Common> {
    select(vec![None, None, Some(-1), Some(1)]).prop_map(|execution_order| Common {
        execution_order,
        ..Common::default()
    })
}

fn if_exists() -> impl Strategy<Value = IfExists> {
    select(vec![IfExists::Fail, IfExists::Overwrite, IfExists::Keep])
}

fn action() -> impl Strategy<Value = Action> {
    let sources = select(vec![
        (Some("files"), None),
        (Some("files/one.txt"), None),
        (Some("files/missing"), None),
        (None, Some("a.txt")),
        (None, Some("b")),
        (None, Some("b/c.txt")),
        (None, Some("docs")),
        (None, Some("missing")),
    ]);
    let path = |text: Option<&str>| text.map(|text| ActionPath::parse(text).unwrap());
    let count = select(vec![Count::One, Count::All, Count::Exactly(2)]);
    let titles = select(vec!["Why", "__PRODUCT_NAME__", "[x](y) | z"]);
    let pointers = select(vec!["/x", "/name", "/new/deep", "/list/-", "/scripts/test"]);
    let values = prop_oneof![
        text().prop_map(Value::from),
        Just(serde_json::json!({ "a": [1, "__PRODUCT_NAME__"] })),
        Just(serde_json::json!([true, null])),
    ];
    let packages = (
        select(vec!["next", "zod"]),
        select(vec!["1.2.3", "^1.2.0", "^2.0.0", ">=1"]),
        select(vec![Section::Dependencies, Section::DevDependencies]),
    );
    prop_oneof![
        (sources, safe_path(), if_exists(), common()).prop_map(
            move |((source, template), to, if_exists, common)| Action::CopyFile(CopyFile {
                from: path(source),
                template: path(template),
                to,
                if_exists,
                common,
            })
        ),
        (safe_path(), text(), any::<bool>(), if_exists(), common()).prop_map(
            |(path, content, executable, if_exists, common)| Action::WriteFile(WriteFile {
                path,
                content: Some(content),
                licence: None,
                holder: None,
                executable,
                if_exists,
                common,
            })
        ),
        (safe_path(), text(), any::<bool>(), common()).prop_map(
            |(path, content, create, common)| Action::AppendToFile(AppendToFile {
                path,
                content,
                create,
                after: None,
                before: None,
                common,
            })
        ),
        (safe_path(), text(), text(), count, common())
            .prop_filter("what a check lets through", |(_, find, replace, ..)| {
                !find.is_empty() && !replace.contains(find.as_str())
            })
            .prop_map(|(path, find, replace, count, common)| {
                Action::ReplaceString(ReplaceString {
                    path,
                    find,
                    replace,
                    count,
                    common,
                })
            }),
        (1u16..4, titles, proptest::option::of(text()), common()).prop_map(
            |(number, title, context, common)| Action::CreateAdrStub(CreateAdrStub {
                number,
                title: SingleLine::parse(title).unwrap(),
                status: AdrStatus::Accepted,
                context,
                decision: None,
                consequences: None,
                common,
            })
        ),
        (safe_path(), pointers, values, common()).prop_map(|(path, pointer, value, common)| {
            let path = match path.as_str() {
                "package.json" => path,
                _ => ActionPath::parse("data.json").unwrap(),
            };
            let pointer = ValuePointer::parse(pointer).unwrap();
            Action::SetValue(SetValue {
                path,
                pointer,
                value,
                key_order: KeyOrder::default(),
                common,
            })
        }),
        (safe_path(), common())
            .prop_map(|(path, common)| Action::RemoveFile(RemoveFile { path, common })),
        (safe_path(), safe_path(), common())
            .prop_filter("what a check lets through", |(from, to, _)| {
                let (from, to) = (from.as_tree(), to.as_tree());
                !to.is_at_or_below(from.as_str()) && !from.is_at_or_below(to.as_str())
            })
            .prop_map(|(from, to, common)| Action::MoveFile(MoveFile { from, to, common })),
        (safe_path(), packages, common()).prop_map(|(path, (name, version, section), common)| {
            let manifest = match path.as_str() {
                "package.json" | "b" => path,
                _ => ActionPath::parse("package.json").unwrap(),
            };
            Action::AddDependency(AddDependency {
                manifest,
                name: name.to_owned(),
                version: version.to_owned(),
                section,
                features: Vec::new(),
                default_features: None,
                optional: false,
                extras: Vec::new(),
                group: None,
                workspace: false,
                common,
            })
        }),
    ]
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let placeholders = prop_oneof![
        Just(BuiltInFact::ALL.to_vec()),
        Just(vec![BuiltInFact::ProductName]),
        Just(Vec::new()),
    ];
    (
        vec(action(), 0..7),
        placeholders,
        select(&NAMES[..]),
        text(),
    )
        .prop_map(|(actions, placeholders, name, literal)| {
            plan_of(actions, placeholders, name, &literal)
        })
}

fn plan_of(
    mut actions: Vec<Action>,
    placeholders: Vec<BuiltInFact>,
    name: &str,
    literal: &str,
) -> Plan {
    let catalog = Slug::parse("demo").unwrap();
    let option = OptionRef::parse("auth/session").unwrap();
    actions.sort_by_key(|action| action.common().execution_order.unwrap_or(0));
    let actions = actions
        .into_iter()
        .enumerate()
        .map(|(at, action)| PlannedAction {
            origin: Origin {
                option: option.clone(),
                index: at + 1,
                file: "recipes/demo/auth/session.yaml".to_owned(),
                line: at + 1,
                column: 1,
            },
            action,
        });
    let literals = [("files/one.txt", literal), ("files/b/[id].txt", "two")];
    let literals = literals.map(|(path, text)| {
        let path = ResolvedRecipe::literal_path(&catalog, &option, path).unwrap();
        (path, StoredFile::from(&File::regular(text.to_owned())))
    });
    Plan {
        generator: "test".to_owned(),
        action_schema_version: ACTION_SCHEMA_VERSION,
        catalog_version: Digest::of(b""),
        catalog_source: Some(CatalogSource::Local),
        template: TemplatePin {
            repo: TemplateOrigin::Folder,
            r#ref: "v1".to_owned(),
            sha: None,
            path: None,
            tree: GitId::parse(&"0".repeat(40)).unwrap(),
        },
        provenance_path: SafeRelPath::parse(Provenance::DEFAULT_PATH).unwrap(),
        placeholders,
        inputs: Inputs {
            product_name: ProductName::parse(name).unwrap(),
            product_slug: Slug::parse("alpha").unwrap(),
            owner: Owner::parse("acme").unwrap(),
            repo: RepoName::parse("x").unwrap(),
            date: Day::parse("2026-11-21").unwrap(),
            repo_url: None,
            values: InputValues::new(),
        },
        author: Identity::default(),
        recipe: ResolvedRecipe {
            selections: Selection::default(),
            actions: actions.collect(),
            literals: literals.into_iter().collect(),
            omitted: Vec::new(),
            settings: RepositorySettings::default(),
        },
        catalog,
    }
}

fn template() -> Vec<(TreePath, File)> {
    let files = [
        ("a.txt", "alpha __PRODUCT_NAME__ beta\nalpha\n"),
        ("b/c.txt", "one\r\ntwo\r\n__REPO_NAME__"),
        (
            "data.json",
            "{\"name\": \"__PRODUCT_NAME__\", \"x\": \"PRODUCT_NAME__\"}\n",
        ),
        (
            "package.json",
            "{\n  \"name\": \"__PRODUCT_SLUG__\",\n  \"dependencies\": {\n    \"next\": \"^1.0.0\"\n  }\n}\n",
        ),
        ("docs/[id].md", "__PRODUCT_NAME____PRODUCT_NAME__"),
        ("latin1", "\u{fffd}"),
    ];
    let files = files.into_iter().map(|(path, text)| {
        (
            TreePath::parse(path).unwrap(),
            File::regular(text.to_owned()),
        )
    });
    let mut files: Vec<_> = files.collect();
    files.push((
        TreePath::parse("run").unwrap(),
        File {
            mode: Mode::Executable,
            ..File::regular(b"\xff__PRODUCT_NAME__".to_vec())
        },
    ));
    files
}

/// What an interpretation says, without the order of memory.
pub(crate) fn said(result: Result<Interpretation, ObjectsError>) -> String {
    format!("{:?}", result.map_err(|error| error.to_string()))
}

/// Twice equals once, and every tree becomes the same.
fn hold(plan: &Plan) -> Result<(), TestCaseError> {
    let base = MemoryTree::of(template()).unwrap();
    let mut memory = base.clone();
    let first = interpret(plan, &mut memory).unwrap();
    let id = tree_id(&memory).unwrap();

    let mut overlay = Overlay::over(&base).unwrap();
    prop_assert_eq!(said(interpret(plan, &mut overlay)), said(Ok(first.clone())));
    prop_assert_eq!(tree_id(&overlay).unwrap(), id);

    let sandbox = Sandbox::new();
    sandbox.write("outside", "outside").write("root/x", "");
    std::fs::remove_file(sandbox.join("root/x")).unwrap();
    let mut disk = DiskTree::open(&sandbox.join("root")).unwrap();
    for (path, file) in template() {
        disk.write(&path, file).unwrap();
    }
    prop_assert_eq!(said(interpret(plan, &mut disk)), said(Ok(first.clone())));
    prop_assert_eq!(tree_id(&disk).unwrap(), id);
    prop_assert_eq!(sandbox.read("outside"), "outside");
    let is_below = |path: &String| path == "outside" || path.starts_with("root/");
    prop_assert!(sandbox.files().iter().all(is_below));
    prop_assert_eq!(sandbox.files().len(), memory.list().unwrap().len() + 1);

    if first.is_complete() {
        prop_assert_eq!(first.tree, id);
        let mut without = memory.clone();
        without.remove(plan.provenance_path.as_tree()).unwrap();
        let recorded = GitId::of(&tree_id(&without).unwrap());
        prop_assert_eq!(first.provenance.tree(), Some(&recorded));
        let mut twice = memory.clone();
        let second = interpret(plan, &mut twice).unwrap();
        prop_assert!(
            second.is_complete(),
            "{:#?}\n{:#?}",
            second.errors,
            second.collisions
        );
        prop_assert!(second.changes.is_empty(), "{:#?}", second.changes);
        prop_assert_eq!(twice, memory);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_plan_run_twice_is_a_plan_run_once_in_every_tree(plan in plan()) {
        hold(&plan)?;
    }
}

// --- messages

/// A text that a person may type or paste: letters between characters that steer a terminal or break a line.
fn steering() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z]{1,3}",
        select(vec![
            "\n",
            "\r",
            "\t",
            "\u{1b}[2J",
            "\u{7}",
            "\u{85}",
            "\u{2028}",
            "\u{202e}",
            "\u{9b}31m",
        ])
        .prop_map(str::to_owned),
    ];
    vec(part, 2..6).prop_map(|parts| format!("a{}b", parts.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..config() })]

    #[test]
    fn a_message_quotes_every_value_in_one_line_without_control_characters(value in steering()) {
        let sandbox = Sandbox::with_demo();
        let url = format!("https://{value}.example/x");
        let flag = format!("--{value}");
        let asked: [&[&str]; 15] = [
            &["show", &value],
            &["list", "--catalog", &value],
            &["check", &value],
            &["test", &value],
            &["verify", &value],
            &["explain", &value, "--in", "."],
            &["canonical", &value],
            &["plan-document", "check", &value],
            &["mirror", "add", &url],
            &["preview", "--catalog", &value, "--defaults", "--name", "A", "--owner", "a", "--repo", "a"],
            &["new", "--catalog", ".", "--defaults", "--name", "A", "--owner", "a", "--repo", &value, "--into", "x"],
            &["init", "catalog", &value, "--name", &value],
            &["runs", "list", "--database-url", &value],
            &["add", "--catalog", ".", "--defaults", "--name", "A", "--owner", "a", "--repo", "a", "--into", &value],
            &["show", &flag],
        ];
        for args in asked {
            let ran = sandbox.groundplan(args);
            if ran.code == 0 {
                continue;
            }
            let is_steering = |c: char| c != '\n' && groundplan::base::sanitize::is_unsafe(c);
            prop_assert!(!ran.stderr.contains(is_steering), "{args:?}: {:?}", ran.stderr);
            for line in ran.stderr.lines().filter(|line| !line.is_empty()) {
                let is_own = ["error: ", "hint: ", "warning: ", "Usage: ", "For more information", "  "]
                    .iter()
                    .any(|start| line.starts_with(start));
                prop_assert!(is_own, "{args:?}: {line:?} in {:?}", ran.stderr);
            }
        }
    }
}
