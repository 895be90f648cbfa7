//! From a catalogue's files to a [`Catalog`], with every finding on the way.

use super::combine::Combinations;
use super::{Catalog, CatalogFile, overlap, rules};
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{self, Code, Diagnostic, Place};
use crate::model::slug::{OptionRef, Slug};
use crate::recipe::{self, Recipe};
use crate::source::schema::Schema;
use crate::source::{self, suggest};
use std::collections::{BTreeMap, BTreeSet};

/// A catalogue, unless an error keeps it from being used, and all findings.
#[derive(Debug)]
pub struct Loaded {
    pub catalog: Option<Catalog>,
    pub findings: Vec<Diagnostic>,
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
        match refuse_link(&file, content) {
            None => read_catalog(&file, &content.bytes, &mut findings),
            Some(link) => {
                findings.push(link);
                None
            }
        }
    } else {
        let finding = Diagnostic::error(Code::Misplaced, format!("there is no `{file}`"))
            .at("", Place::start_of(&file));
        findings.push(finding.help("every folder of `catalog/` holds a catalog.yaml"));
        None
    };
    if let Some(written) = &written {
        check_place(&file, name, written, files, &mut findings);
    }
    let recipes = read_recipes(files, name, written.as_ref(), &mut findings);
    if let Some(written) = &written {
        let combinations = Combinations::of(written);
        let order = written.categories.iter().flat_map(|category| {
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
            findings.extend(overlap::check(in_order.into_iter(), &combinations));
        }
    }
    diagnostic::sort(&mut findings);
    let usable = !findings.iter().any(Diagnostic::is_error);
    Loaded {
        catalog: written
            .filter(|_| usable)
            .map(|written| Catalog::new(written, recipes)),
        findings,
    }
}

/// Recipes of catalogues that do not exist.
pub fn strays(files: &Files) -> Vec<Diagnostic> {
    let known = names(files);
    let folders: BTreeSet<&str> = files
        .keys()
        .filter_map(|path| Some(path.strip_prefix("recipes/")?.split_once('/')?.0))
        .collect();
    let stray = |name: &&str| {
        let place = Place::start_of(format!("recipes/{name}"));
        let message = format!("`recipes/{name}/` belongs to no catalogue");
        let help = suggest::help(name, known.iter().map(String::as_str));
        Diagnostic::error(Code::Misplaced, message)
            .at("", place)
            .help(help)
    };
    folders
        .iter()
        .filter(|name| !known.contains(**name))
        .map(stray)
        .collect()
}

/// Checks one catalogue file by itself.
pub fn check_catalog_file(file: &str, bytes: &[u8]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    read_catalog(file, bytes, &mut findings);
    diagnostic::sort(&mut findings);
    findings
}

/// Checks one recipe file by itself, with the literal files beside it.
pub fn check_recipe_file(file: &str, bytes: &[u8], files: &Files) -> Vec<Diagnostic> {
    let document = match source::read(file, bytes) {
        Ok(document) => document,
        Err(findings) => return findings,
    };
    let (recipe, mut findings) = recipe::Reader::new().read(&document, None, files);
    findings.extend(overlap::check(recipe.iter(), &Combinations::unknown()));
    diagnostic::sort(&mut findings);
    findings
}

/// A link is not followed: where it leads, a catalogue has nothing to say.
fn refuse_link(path: &str, file: &File) -> Option<Diagnostic> {
    (file.mode == Mode::Symlink).then(|| {
        Diagnostic::error(Code::TemplateEntry, "this file is a symbolic link")
            .at("", Place::start_of(path))
            .help("put the file itself there")
    })
}

fn read_catalog(file: &str, bytes: &[u8], findings: &mut Vec<Diagnostic>) -> Option<CatalogFile> {
    let document = source::read(file, bytes)
        .map_err(|found| findings.extend(found))
        .ok()?;
    let written = Schema::<CatalogFile>::new()
        .parse(&document)
        .map_err(|found| findings.extend(found))
        .ok()?;
    findings.extend(rules::check(&document, &written));
    Some(written)
}

fn check_place(
    file: &str,
    name: &str,
    written: &CatalogFile,
    files: &Files,
    findings: &mut Vec<Diagnostic>,
) {
    let place = || Place::start_of(file);
    if written.catalog.as_str() != name {
        let message = format!(
            "this catalogue is called `{}` but stands in `catalog/{name}/`",
            written.catalog
        );
        let finding = Diagnostic::error(Code::Misplaced, message).at("/catalog", place());
        findings.push(finding.help("give folder and catalogue the same name"));
    }
    if let Some(path) = &written.template.path {
        let folder = format!("catalog/{name}/{path}/");
        let has_any = files
            .range(folder.clone()..)
            .next()
            .is_some_and(|(file, _)| file.starts_with(&folder));
        if !has_any {
            let finding = Diagnostic::error(
                Code::MissingTemplate,
                format!("there is no file below `{folder}`"),
            );
            findings.push(
                finding
                    .at("/template/path", place())
                    .help("put the template's files there"),
            );
        }
    }
}

fn read_recipes(
    files: &Files,
    name: &str,
    written: Option<&CatalogFile>,
    findings: &mut Vec<Diagnostic>,
) -> BTreeMap<OptionRef, Recipe> {
    let reader = recipe::Reader::new();
    let mut recipes = BTreeMap::new();
    let folder = format!("recipes/{name}/");
    let own = files
        .range(folder.clone()..)
        .take_while(|(path, _)| path.starts_with(&folder));
    for (path, file) in own {
        let inside = &path[folder.len()..];
        let parts: Vec<&str> = inside.split('/').collect();
        let [category, recipe_file] = parts.as_slice() else {
            let is_literal = parts.len() > 2
                && files.contains_key(&format!("{folder}{}/{}.yaml", parts[0], parts[1]));
            if !is_literal {
                let message = "no recipe stands beside this file's folder".to_owned();
                let finding =
                    Diagnostic::error(Code::Misplaced, message).at("", Place::start_of(path));
                let help = format!(
                    "recipes are `{folder}<category>/<option>.yaml`, with their files in `<option>/` beside them"
                );
                findings.push(finding.help(help));
            }
            continue;
        };
        let slugs = recipe_file
            .strip_suffix(".yaml")
            .map(|option| (Slug::parse(category), Slug::parse(option)));
        let Some((Ok(category), Ok(option))) = slugs else {
            let finding =
                Diagnostic::error(Code::Misplaced, "this file is no recipe's name".to_owned());
            findings.push(
                finding
                    .at("", Place::start_of(path))
                    .help(format!("name it `{folder}<category>/<option>.yaml`")),
            );
            continue;
        };
        let option = OptionRef::new(&category, &option);
        if let Some((message, help)) = written.and_then(|written| rules::unknown(written, &option))
        {
            let finding = Diagnostic::error(
                Code::Misplaced,
                format!("this recipe belongs to no option: {message}"),
            );
            findings.push(finding.at("", Place::start_of(path)).help(help));
        }
        if let Some(link) = refuse_link(path, file) {
            findings.push(link);
            continue;
        }
        let document = match source::read(path, &file.bytes) {
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
            check_when(&recipe, &document, written, findings);
        }
        recipes.insert(option, recipe);
    }
    if let Some(written) = written {
        missing_recipes(written, files, name, findings);
    }
    recipes
}

fn check_when(
    recipe: &Recipe,
    document: &source::node::Document,
    written: &CatalogFile,
    findings: &mut Vec<Diagnostic>,
) {
    for action in &recipe.actions {
        for (category, option) in &action.action.common().when {
            if let Some((message, help)) =
                rules::unknown(written, &OptionRef::new(category, option))
            {
                let pointer = format!("{}/when/{category}", action.pointer);
                let place = document.place(&pointer);
                findings.push(
                    Diagnostic::error(Code::UnknownOption, message)
                        .at(pointer, place)
                        .help(help),
                );
            }
        }
    }
}

fn missing_recipes(
    written: &CatalogFile,
    files: &Files,
    name: &str,
    findings: &mut Vec<Diagnostic>,
) {
    for category in &written.categories {
        for option in &category.options {
            let file = format!("recipes/{name}/{}/{}.yaml", category.slug, option.slug);
            if !files.contains_key(&file) {
                let folder = format!("recipes/{name}/{}/", category.slug);
                let near = files
                    .range(folder.clone()..)
                    .take_while(|(path, _)| path.starts_with(&folder));
                let near: Vec<&str> = near
                    .map(|(path, _)| &path[folder.len()..])
                    .filter(|rest| !rest.contains('/'))
                    .collect();
                let expected = format!("{}.yaml", option.slug);
                let help = match suggest::nearest(&expected, near) {
                    Some(near) => format!("did you mean to name `{folder}{near}` so?"),
                    None => "write `actions: []` there when the option is meant to do nothing"
                        .to_owned(),
                };
                let message = format!(
                    "option `{}/{}` has no recipe `{file}`",
                    category.slug, option.slug
                );
                let place = Place::start_of(format!("catalog/{name}/catalog.yaml"));
                findings.push(
                    Diagnostic::warning(Code::NoRecipe, message)
                        .at("", place)
                        .help(help),
                );
            }
        }
    }
}
