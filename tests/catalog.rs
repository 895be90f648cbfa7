//! The built-in catalogue `nextjs`: content and properties of every product.

use crate::support::{PRODUCT, Sandbox, request};
use groundplan::catalog::{Catalog, Category, SelectionType, builtin, load};
use groundplan::engine;
use groundplan::model::action::Action;
use groundplan::model::digest::GitId;
use groundplan::model::path::TreePath;
use groundplan::model::placeholder::tokens_in;
use groundplan::model::plan::{TemplateOrigin, TemplatePin};
use groundplan::model::selection::Selection;
use groundplan::model::slug::OptionRef;
use groundplan::resolve::{Request, fill_with_defaults};
use groundplan::tree::memory::MemoryTree;
use groundplan::tree::validate::{Links, admit};
use groundplan::tree::{Tree as _, ids};
use serde_json::Value;
use std::collections::BTreeSet;
use std::num::NonZero;
use std::path::Path;
use std::thread;

/// The folder that holds the built-in catalogue's sources.
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// The catalogue, its template and the pin of that.
struct BuiltIn {
    catalog: Catalog,
    template: MemoryTree,
    pin: TemplatePin,
}

impl BuiltIn {
    fn nextjs() -> Self {
        let files = builtin::files();
        let catalog = load(&files, "nextjs").catalog.expect("a usable catalogue");
        let template = files
            .into_iter()
            .filter_map(|(path, file)| {
                let path = path.strip_prefix("catalog/nextjs/template/")?;
                Some((path.to_owned(), file))
            })
            .collect();
        let template = admit(template, Links::Refused, &[]).expect("only what a template may hold");
        let template = MemoryTree::of(template).expect("no file is a folder of another");
        let pin = TemplatePin {
            repo: TemplateOrigin::Catalog("nextjs".to_owned()),
            r#ref: "v1.0.0".to_owned(),
            sha: None,
            path: None,
            tree: GitId::of(&ids::tree_id(&template).expect("trees in memory can be read")),
        };
        Self {
            catalog,
            template,
            pin,
        }
    }

    fn required(&self) -> impl Iterator<Item = &Category> {
        self.catalog
            .categories()
            .iter()
            .filter(|category| category.required)
    }

    /// Every choice that the categories allow, each with all add-ons.
    fn selections(&self) -> Vec<Selection> {
        let mut all = vec![Selection::default()];
        for category in self.catalog.categories() {
            all = match category.selection {
                SelectionType::Single => all
                    .iter()
                    .flat_map(|selection| {
                        category.options.iter().map(|option| {
                            let mut selection = selection.clone();
                            selection.insert(category.slug.clone(), option.slug.clone());
                            selection
                        })
                    })
                    .collect(),
                SelectionType::Multi => {
                    for selection in &mut all {
                        for option in &category.options {
                            selection.insert(category.slug.clone(), option.slug.clone());
                        }
                    }
                    all
                }
            };
        }
        all
    }

    /// Fails unless the selection makes a whole repository without a word.
    #[track_caller]
    fn assert_flawless(&self, selection: &Selection) {
        let request = Request {
            selection: selection.clone(),
            template: self.pin.clone(),
            ..request(&self.catalog)
        };
        let preview = engine::preview(&self.catalog, request, &self.template)
            .unwrap_or_else(|error| panic!("{error:?}: {selection:?}"));
        let report = preview.report;
        assert_eq!(report.errors, [], "{selection:?}");
        assert_eq!(report.collisions, [], "{selection:?}");
        assert_eq!(report.warnings, [], "{selection:?}");
        assert!(report.can_proceed);
        let listing = preview.tree.list().expect("trees in memory can be read");
        let paths: BTreeSet<String> = listing.iter().map(|(path, _)| path.to_owned()).collect();
        let mut linked = BTreeSet::new();
        for (path, _) in listing.iter() {
            let path = TreePath::parse(path).expect("a listed path is sound");
            let file = preview.tree.read(&path).expect("it was listed");
            let file = file.expect("it was listed");
            let text = file.text().expect("the catalogue holds text only");
            let unfilled: Vec<&str> = tokens_in(text).map(|(_, token)| token).collect();
            assert_eq!(unfilled, [""; 0], "{path}: {selection:?}");
            for place in links(path.as_str(), text) {
                assert!(
                    paths.contains(&place),
                    "{path} leads to {place}: {selection:?}"
                );
                linked.insert(place);
            }
        }
        let mut pages = paths.iter().filter(|path| path.starts_with("docs/"));
        let lost = pages.find(|page| !linked.contains(*page) && !page.ends_with("/template.md"));
        assert_eq!(lost, None, "nothing leads there: {selection:?}");
    }
}

/// The files of the repository that a Markdown page leads to.
fn links(page: &str, text: &str) -> Vec<String> {
    if Path::new(page).extension().is_none_or(|end| end != "md") {
        return Vec::new();
    }
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://"))
        .map(|target| {
            let mut folders: Vec<&str> = page.split('/').collect();
            folders.pop();
            for part in target.split('/') {
                match part {
                    ".." => drop(folders.pop()),
                    _ => folders.push(part),
                }
            }
            folders.join("/")
        })
        .collect()
}

#[test]
fn a_check_of_this_repository_has_no_findings() {
    let sandbox = Sandbox::new();
    let ran = sandbox
        .groundplan(["check", REPOSITORY, "--format", "json"])
        .exits(0);
    assert_eq!(ran.findings(), [""; 0]);
}

#[test]
fn six_categories_are_required_and_add_ons_are_optional() {
    let nextjs = BuiltIn::nextjs();
    let shape: Vec<_> = nextjs
        .catalog
        .categories()
        .iter()
        .map(|category| {
            // Six add-ons are wanted, and nobody has to choose between them.
            let most = if category.required { 4 } else { 6 };
            assert!((2..=most).contains(&category.options.len()));
            let default = category.options.iter().find(|option| option.default);
            (
                category.slug.as_str(),
                category.selection,
                category.required,
                default.map(|option| option.slug.as_str()),
            )
        })
        .collect();
    let single = SelectionType::Single;
    assert_eq!(
        shape,
        [
            ("deploy", single, true, Some("self-hosted")),
            ("auth", single, true, Some("iron-session")),
            ("database", single, true, Some("postgres-prisma")),
            ("ui-components", single, true, Some("shadcn-baseui")),
            ("state-management", single, true, Some("zustand")),
            ("testing", single, true, Some("vitest-playwright")),
            ("addons", SelectionType::Multi, false, None),
        ]
    );
}

#[test]
fn every_option_has_actions_and_one_decision_record() {
    let nextjs = BuiltIn::nextjs();
    for category in nextjs.catalog.categories() {
        for option in &category.options {
            let option = OptionRef::new(&category.slug, &option.slug);
            let recipe = nextjs.catalog.recipe(&option).expect("a recipe");
            assert!(!recipe.actions.is_empty(), "{option}");
            let numbers: Vec<u16> = recipe
                .actions
                .iter()
                .filter_map(|step| match &step.action {
                    Action::CreateAdrStub(adr) => {
                        assert!(adr.common.when.is_empty(), "{option}");
                        Some(adr.number)
                    }
                    _ => None,
                })
                .collect();
            let position = nextjs.required().position(|one| one.slug == category.slug);
            let expected = position.map(|position| u16::try_from(position + 1).unwrap());
            assert_eq!(numbers, Vec::from_iter(expected), "{option}");
        }
    }
}

#[test]
fn the_default_selection_contains_its_decisions_and_provenance() {
    let sandbox = Sandbox::new();
    sandbox
        .groundplan(
            ["new", "--defaults", "--into", "made"]
                .iter()
                .chain(&PRODUCT),
        )
        .exits(0);
    let records: Vec<String> = sandbox
        .files()
        .into_iter()
        .filter_map(|path| Some(path.strip_prefix("made/docs/adr/")?.to_owned()))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    assert_eq!(
        records,
        [
            "0000-record-architecture-decisions.md",
            "0001-self-hosted-containers.md",
            "0002-authentication-with-iron-session.md",
            "0003-postgresql-with-prisma.md",
            "0004-ui-components-with-shadcn-on-base-ui.md",
            "0005-state-management-with-zustand.md",
            "0006-testing-with-vitest-and-playwright.md",
        ]
    );
    let index = sandbox.read("made/docs/adr/README.md");
    for record in &records {
        assert!(index.contains(&format!("]({record})")), "{record}: {index}");
    }

    let provenance: Value =
        serde_json::from_str(&sandbox.read("made/.scrum4me/bootstrap.json")).unwrap();
    let hashes = sandbox
        .groundplan(["hash", "--defaults", "--format", "json"])
        .exits(0)
        .json();
    assert_eq!(provenance["recipe_hash"], hashes["recipeHash"]);
    assert_eq!(provenance["catalog_version"], hashes["catalogVersion"]);
    assert_eq!(
        provenance["selected_options"],
        serde_json::json!({
            "auth": ["iron-session"],
            "database": ["postgres-prisma"],
            "deploy": ["self-hosted"],
            "state-management": ["zustand"],
            "testing": ["vitest-playwright"],
            "ui-components": ["shadcn-baseui"],
        })
    );
}

#[test]
fn the_program_embeds_the_catalogues_of_its_repository() {
    let sandbox = Sandbox::new();
    let preview = |catalog: &str| {
        let args = [
            "preview",
            "--catalog",
            catalog,
            "--defaults",
            "--format",
            "json",
        ];
        sandbox
            .groundplan(args.iter().chain(&PRODUCT))
            .exits(0)
            .json()
    };
    for name in [
        "nextjs",
        "ops-repo",
        "python-package",
        "rust-cli",
        "rust-service",
    ] {
        let folder = preview(&format!("{REPOSITORY}/catalog/{name}"));
        let embedded = preview(name);
        assert!(embedded["treeId"].is_string());
        assert_eq!(embedded["treeId"], folder["treeId"]);
        assert_eq!(embedded["planHash"], folder["planHash"]);
    }
}

#[test]
fn every_selection_is_built_without_findings() {
    let nextjs = BuiltIn::nextjs();
    let mut selections = nextjs.selections();
    assert_eq!(selections.len(), 768);
    selections.retain(|selection| {
        !selection.has("deploy", "vercel") || !selection.has("database", "sqlite-drizzle")
    });
    assert_eq!(selections.len(), 672);
    let mut categories = nextjs.catalog.categories().iter();
    let addons = categories.find(|category| !category.required).unwrap();
    for addon in &addons.options {
        let mut alone = Selection::default();
        alone.insert(addons.slug.clone(), addon.slug.clone());
        fill_with_defaults(&nextjs.catalog, &mut alone);
        selections.push(alone);
    }
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for part in selections.chunks(selections.len().div_ceil(threads)) {
            let nextjs = &nextjs;
            scope.spawn(move || {
                for selection in part {
                    nextjs.assert_flawless(selection);
                }
            });
        }
    });
}

#[test]
fn the_products_of_the_npm_check_cover_every_option() {
    let nextjs = BuiltIn::nextjs();
    let script = include_str!("npm_check.sh");
    let table = script.split("selections=(\n").nth(1).unwrap();
    let (table, _) = table.split_once("\n)").unwrap();
    let required: Vec<&Category> = nextjs.required().collect();
    let mut tried = BTreeSet::new();
    for line in table.lines() {
        let words = line.trim().trim_matches('"').split_whitespace();
        for (position, word) in words.enumerate() {
            let category = required
                .get(position)
                .map_or("addons", |one| one.slug.as_str());
            tried.insert(format!("{category}/{word}"));
        }
    }
    let mut offered = BTreeSet::new();
    for category in nextjs.catalog.categories() {
        for option in &category.options {
            offered.insert(OptionRef::new(&category.slug, &option.slug).to_string());
        }
    }
    assert_eq!(tried, offered);
}

#[test]
fn a_name_with_quotes_and_markup_breaks_no_file() {
    let name = "Ada's \"Größte\" \\n <b>Café</b> \u{1f680} ${x} {{y}}";
    let sandbox = Sandbox::new();
    let args = [
        "new",
        "--defaults",
        "--select",
        "addons=renovate",
        "--into",
        "made",
        "--name",
        name,
        "--slug",
        "ada-cafe",
    ];
    // the name of PRODUCT is left out
    sandbox
        .groundplan(args.iter().chain(&PRODUCT[2..]))
        .exits(0);
    let mut json = sandbox.files();
    json.retain(|path| Path::new(path).extension().is_some_and(|end| end == "json"));
    assert!(json.len() >= 5, "{json:?}");
    for path in json {
        let parsed = serde_json::from_str::<Value>(&sandbox.read(&path));
        assert!(parsed.is_ok(), "{path}: {parsed:?}");
    }
    let product: Value = serde_json::from_str(&sandbox.read("made/lib/product.json")).unwrap();
    assert_eq!(product["name"], name);
    assert!(
        sandbox
            .read("made/README.md")
            .starts_with(&format!("# {name}\n"))
    );
}
