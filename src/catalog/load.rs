//! From a catalogue's files to a [`Catalog`], with every finding on the way.

use super::compatibility::Compatibility;
use super::{Catalog, CatalogFile, overlap, rules};
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{self, Code, Diagnostic, Location};
use crate::model::slug::{OptionRef, Slug};
use crate::model::suggest;
use crate::recipe::{self, Recipe};
use crate::source;
use crate::source::node::Document;
use crate::source::schema::Schema;
use std::collections::{BTreeMap, BTreeSet};

/// A catalogue, unless an error keeps it from being used, and all findings.
#[derive(Debug)]
pub struct Loaded {
    pub catalog: Option<Catalog>,
    /// What catalog.yaml says, also when something else keeps the catalogue from being used.
    pub written: Option<CatalogFile>,
    pub findings: Vec<Diagnostic>,
}

/// A catalogue's document and what it says.
struct Written {
    document: Document,
    catalog: CatalogFile,
}

/// The catalogues among some files: the folders of `catalog/`.
pub fn names(files: &Files) -> BTreeSet<String> {
    let folders = files
        .keys()
        .filter_map(|path| path.strip_prefix("catalog/")?.split_once('/'));
    folders.map(|(name, _)| name.to_owned()).collect()
}

/// Reads and checks `catalog/<name>/catalog.yaml` and all of `recipes/<name>`.
pub fn load(files: &Files, name: &str) -> Loaded {
    let mut findings = Vec::new();
    let file = format!("catalog/{name}/catalog.yaml");
    let written = if let Some(content) = files.get(&file) {
        read_catalog(&file, content, &mut findings)
    } else {
        let finding = Diagnostic::error(Code::Misplaced, format!("there is no `{file}`"))
            .at("", Location::start_of(&file));
        findings.push(finding.help("every folder of `catalog/` holds a catalog.yaml"));
        None
    };
    if let Some(written) = &written {
        check_place(name, written, files, &mut findings);
    }
    let recipes = read_recipes(files, name, written.as_ref(), &mut findings);
    if let Some(Written { catalog, .. }) = &written {
        let compatibility = Compatibility::of(catalog);
        let order = catalog.categories.iter().flat_map(|category| {
            category
                .options
                .iter()
                .map(|option| OptionRef::new(&category.slug, &option.slug))
        });
        let in_order: Vec<&Recipe> = order.filter_map(|option| recipes.get(&option)).collect();
        if !findings
            .iter()
            .any(|finding| finding.code == Code::TooManyOptions)
        {
            findings.extend(overlap::check(in_order.into_iter(), &compatibility));
        }
    }
    diagnostic::sort(&mut findings);
    let usable = !findings.iter().any(Diagnostic::is_error);
    let written = written.map(|written| written.catalog);
    Loaded {
        catalog: written
            .clone()
            .filter(|_| usable)
            .map(|catalog| Catalog::new(catalog, recipes)),
        written,
        findings,
    }
}

/// Files of `recipes/` that belong to no catalogue, told once for each folder.
pub fn strays(files: &Files) -> Vec<Diagnostic> {
    let known = names(files);
    let mut findings = Vec::new();
    let mut told = BTreeSet::new();
    let stray = |path: &str, message: String, help: String| {
        Diagnostic::error(Code::Misplaced, message)
            .at("", Location::start_of(path))
            .help(help)
    };
    for path in files.keys() {
        let Some(inside) = path.strip_prefix("recipes/") else {
            continue;
        };
        match inside.split_once('/') {
            Some((folder, _)) if !known.contains(folder) && told.insert(folder) => {
                let message = format!("`recipes/{folder}/` belongs to no catalogue");
                let help = suggest::help(folder, known.iter().map(String::as_str));
                findings.push(stray(path, message, help));
            }
            None if stem(inside).is_some() => {
                let help = "put it at `recipes/<catalogue>/<category>/<option>.yaml`".to_owned();
                let message = "a recipe stands below its catalogue and category".to_owned();
                findings.push(stray(path, message, help));
            }
            Some(_) | None => {}
        }
    }
    findings
}

/// Checks one catalogue file by itself.
pub fn check_catalog_file(file: &str, bytes: &[u8]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    read_catalog(file, &File::regular(bytes.to_owned()), &mut findings);
    diagnostic::sort(&mut findings);
    findings
}

/// Checks one recipe file by itself, with the literal files beside it.
pub fn check_recipe_file(file: &str, bytes: &[u8], files: &Files) -> Vec<Diagnostic> {
    let document = match source::read(file, bytes) {
        Ok(document) => document,
        Err(findings) => return findings,
    };
    let (recipe, mut findings) = recipe::RecipeReader::new().read(&document, None, files);
    findings.extend(overlap::check(recipe.iter(), &Compatibility::unknown()));
    diagnostic::sort(&mut findings);
    findings
}

fn read_catalog(file: &str, content: &File, findings: &mut Vec<Diagnostic>) -> Option<Written> {
    let document = read_document(file, content)
        .map_err(|found| findings.extend(found))
        .ok()?;
    let catalog = Schema::<CatalogFile>::new()
        .parse(&document)
        .map_err(|found| findings.extend(found))
        .ok()?;
    findings.extend(rules::check(&document, &catalog));
    Some(Written { document, catalog })
}

/// A link is not followed, so its target's text is no document.
fn read_document(path: &str, file: &File) -> Result<Document, Vec<Diagnostic>> {
    if file.mode == Mode::Symlink {
        let finding = Diagnostic::error(Code::TemplateEntry, "this file is a symbolic link")
            .at("", Location::start_of(path));
        return Err(vec![finding.help("put the file itself in its place")]);
    }
    source::read(path, &file.bytes)
}

fn check_place(name: &str, written: &Written, files: &Files, findings: &mut Vec<Diagnostic>) {
    let Written { document, catalog } = written;
    let mut report = |code, pointer: &str, message: String, help: &str| {
        let finding = Diagnostic::error(code, message).at(pointer, document.location(pointer));
        findings.push(finding.help(help));
    };
    if catalog.catalog.as_str() != name {
        let message = format!(
            "this catalogue is called `{}` but stands in `catalog/{name}/`",
            catalog.catalog
        );
        let help = "give folder and catalogue the same name";
        report(Code::Misplaced, "/catalog", message, help);
    }
    if let (Some(path), None) = (&catalog.template.path, &catalog.template.repo) {
        let folder = format!("catalog/{name}/{path}/");
        let has_any = files
            .range(folder.clone()..)
            .next()
            .is_some_and(|(file, _)| file.starts_with(&folder));
        if !has_any {
            let message = format!("there is no file below `{folder}`");
            let help = "put the template's files there, or name the folder they are in";
            report(Code::MissingTemplate, "/template/path", message, help);
        }
    }
}

fn read_recipes(
    files: &Files,
    name: &str,
    written: Option<&Written>,
    findings: &mut Vec<Diagnostic>,
) -> BTreeMap<OptionRef, Recipe> {
    let reader = recipe::RecipeReader::new();
    let mut recipes = BTreeMap::new();
    let mut misnamed = Vec::new();
    let mut orphans = BTreeSet::new();
    let folder = format!("recipes/{name}/");
    let own = files
        .range(folder.clone()..)
        .take_while(|(path, _)| path.starts_with(&folder));
    for (path, file) in own {
        let mut misplaced = |message: String, help: String| {
            let finding = Diagnostic::error(Code::Misplaced, message);
            findings.push(finding.at("", Location::start_of(path)).help(help));
        };
        let inside = &path[folder.len()..];
        let parts: Vec<&str> = inside.split('/').collect();
        let [category, recipe_file] = parts.as_slice() else {
            match parts.as_slice() {
                [category, option, ..] => {
                    let owner = format!("{folder}{category}/{option}.yaml");
                    if !files.contains_key(&owner) && orphans.insert(owner.clone()) {
                        misplaced(
                            format!("there is no recipe `{owner}` that this file belongs to"),
                            "write that recipe, or remove the file".to_owned(),
                        );
                        misnamed.extend(OptionRef::parse(&format!("{category}/{option}")).ok());
                    }
                }
                _ => misplaced(
                    "this file belongs to no category".to_owned(),
                    format!("recipes are `{folder}<category>/<option>.yaml`"),
                ),
            }
            continue;
        };
        let slugs = recipe_file
            .strip_suffix(".yaml")
            .map(|option| (Slug::parse(category), Slug::parse(option)));
        let Some((Ok(category), Ok(option))) = slugs else {
            let better = stem(recipe_file).and_then(Slug::from_title);
            misplaced(
                "this file is not called like an option".to_owned(),
                match (Slug::from_title(category), better) {
                    (Some(category), Some(option)) => {
                        misnamed.push(OptionRef::new(&category, &option));
                        format!("call it `{folder}{category}/{option}.yaml`")
                    }
                    (..) => format!("recipes are `{folder}<category>/<option>.yaml`"),
                },
            );
            continue;
        };
        let option = OptionRef::new(&category, &option);
        if let Some(Written { catalog, .. }) = written
            && let Some((message, _)) = rules::unknown(catalog, &option)
        {
            let without_recipe: Vec<OptionRef> = rules::options(catalog)
                .map(|(_, category, option)| OptionRef::new(&category.slug, &option.slug))
                .filter(|option| !files.contains_key(&format!("{folder}{option}.yaml")))
                .collect();
            let candidates = without_recipe.iter().map(OptionRef::as_str);
            let near = suggest::nearest(option.as_str(), candidates);
            misplaced(
                format!("this recipe belongs to no option: {message}"),
                near.map_or_else(
                    || "add the option to the catalogue, or remove the file".to_owned(),
                    |near| format!("did you mean to call it `{folder}{near}.yaml`?"),
                ),
            );
            misnamed.extend(near.and_then(|near| OptionRef::parse(near).ok()));
        }
        let document = match read_document(path, file) {
            Ok(document) => document,
            Err(found) => {
                findings.extend(found);
                continue;
            }
        };
        let (recipe, found) = reader.read(&document, Some(option.clone()), files);
        findings.extend(found);
        let Some(recipe) = recipe else { continue };
        if let Some(written) = written {
            check_when(&recipe, &document, &written.catalog, findings);
        }
        recipes.insert(option, recipe);
    }
    if let Some(written) = written {
        missing_recipes(written, files, &folder, &misnamed, findings);
    }
    recipes
}

/// The name of a file that looks like a document, without its ending.
fn stem(file: &str) -> Option<&str> {
    [".yaml", ".yml", ".json"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))
}

fn check_when(
    recipe: &Recipe,
    document: &Document,
    catalog: &CatalogFile,
    findings: &mut Vec<Diagnostic>,
) {
    for action in &recipe.actions {
        for (category, option) in &action.action.common().when {
            if let Some((message, help)) =
                rules::unknown(catalog, &OptionRef::new(category, option))
            {
                let pointer = format!("{}/when/{category}", action.pointer);
                let is_known = catalog
                    .categories
                    .iter()
                    .any(|known| known.slug == *category);
                let location = if is_known {
                    document.location(&pointer)
                } else {
                    document.key_location(&pointer)
                };
                findings.push(
                    Diagnostic::error(Code::UnknownOption, message)
                        .at(pointer, location)
                        .help(help),
                );
            }
        }
    }
}

/// Options without a recipe; those whose recipe only has a wrong name are told at that file.
fn missing_recipes(
    written: &Written,
    files: &Files,
    folder: &str,
    misnamed: &[OptionRef],
    findings: &mut Vec<Diagnostic>,
) {
    for (pointer, category, option) in rules::options(&written.catalog) {
        let own = OptionRef::new(&category.slug, &option.slug);
        let file = format!("{folder}{own}.yaml");
        if files.contains_key(&file) || misnamed.contains(&own) {
            continue;
        }
        let pointer = format!("{pointer}/slug");
        let location = written.document.location(&pointer);
        let finding = Diagnostic::warning(
            Code::NoRecipe,
            format!("option `{own}` has no recipe `{file}`"),
        );
        findings.push(
            finding
                .at(pointer, location)
                .help("write `actions: []` there when the option is meant to do nothing"),
        );
    }
}
