//! Loading of a [`Catalog`] from its files, with all findings.

use super::compatibility::Compatibility;
use super::{Catalog, CatalogFile, include, overlap, rules};
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{self, Code, Diagnostic, Location};
use crate::model::exclude::ExcludePattern;
use crate::model::placeholder::PlaceholderName;
use crate::model::plan::MAX_ACTIONS;
use crate::model::slug::{OptionRef, Slug};
use crate::model::suggest;
use crate::recipe::{Recipe, RecipeAction, RecipeReader};
use crate::source;
use crate::source::node::Document;
use crate::source::schema::Schema;
use std::collections::{BTreeMap, BTreeSet};

/// A catalogue and all its findings.
#[derive(Debug)]
pub struct Loaded {
    /// None after an error.
    pub catalog: Option<Catalog>,
    /// The content of catalog.yaml, if that file is valid.
    pub file: Option<CatalogFile>,
    pub findings: Vec<Diagnostic>,
}

/// catalog.yaml: its syntax tree and its content.
struct Parsed {
    document: Document,
    file: CatalogFile,
}

/// The names of the catalogues among some files: the folders of `catalog/`.
pub fn names(files: &Files) -> BTreeSet<String> {
    files
        .keys()
        .filter_map(|path| path.strip_prefix("catalog/")?.split_once('/'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Loads and validates `catalog/<name>/catalog.yaml` and all files of `recipes/<name>`.
pub fn load(files: &Files, name: &str) -> Loaded {
    let mut findings = Vec::new();
    let path = format!("catalog/{name}/catalog.yaml");
    let parsed = if let Some(content) = files.get(&path) {
        read_catalog(&path, content, &mut findings)
    } else {
        findings.push(
            misplaced(&path, format!("`{path}` does not exist"))
                .help("add a catalog.yaml to every folder of `catalog/`"),
        );
        None
    };
    if let Some(parsed) = &parsed {
        check_location(name, parsed, files, &mut findings);
    }
    let recipes = Recipes::read(files, name, parsed.as_ref(), &mut findings);
    let has_too_many = |finding: &Diagnostic| finding.code == Code::TooManyOptions;
    if let Some(Parsed { file, .. }) = &parsed
        && !findings.iter().any(has_too_many)
    {
        let compatibility = Compatibility::of(file);
        let in_order: Vec<&Recipe> = file
            .options()
            .filter_map(|entry| recipes.get(&entry.reference()))
            .collect();
        findings.extend(overlap::check(in_order.into_iter(), &compatibility));
    }
    diagnostic::sort(&mut findings);
    // A recipe that another one includes is read as both.
    findings.dedup();
    let is_valid = !findings.iter().any(Diagnostic::is_error);
    let file = parsed.map(|parsed| parsed.file);
    Loaded {
        catalog: file
            .clone()
            .filter(|_| is_valid)
            .map(|file| Catalog::new(file, recipes)),
        file,
        findings,
    }
}

/// The catalog.yaml of a catalogue whose files have no findings.
pub(super) fn checked_file(files: &Files, name: &str) -> Option<CatalogFile> {
    let path = format!("catalog/{name}/catalog.yaml");
    let document = source::read(&path, &files.get(&path)?.bytes).ok()?;
    SCHEMA.parse_directly(&document).ok()
}

/// The recipe of one option of a catalogue whose files have no findings.
pub(super) fn checked_recipe(
    files: &Files,
    catalog: &CatalogFile,
    option: &OptionRef,
) -> Option<Recipe> {
    let mut findings = Vec::new();
    let mut recipes = Recipes::new(files, catalog.catalog.as_str(), &mut findings);
    recipes.placeholders = Some(catalog.placeholder_names());
    let path = format!("{}{option}.yaml", recipes.folder);
    recipes.read_file(&READER, &path, files.get(&path)?, option.clone());
    recipes.by_option.remove(option)
}

/// The patterns that exclude files of the template beside a catalogue, for paths below `catalog/`. None for a
/// file with errors, which [`load`] reports.
pub fn template_excludes(name: &str, content: &File) -> Vec<ExcludePattern> {
    let is_mentioned = content.bytes.windows(7).any(|word| word == b"exclude");
    let path = format!("catalog/{name}/catalog.yaml");
    let parsed = is_mentioned
        .then(|| read_catalog(&path, content, &mut Vec::new()))
        .flatten();
    let Some(template) = parsed.map(|parsed| parsed.file.template) else {
        return Vec::new();
    };
    match (&template.path, &template.repo) {
        (Some(path), None) => {
            let folder = format!("{name}/{path}");
            let below = |pattern: &ExcludePattern| pattern.below(&folder);
            template.exclude.iter().map(below).collect()
        }
        _ => Vec::new(),
    }
}

/// Findings about files of `recipes/` without a catalogue, one for each folder.
pub fn orphans(files: &Files) -> Vec<Diagnostic> {
    let known = names(files);
    let mut findings = Vec::new();
    let mut reported = BTreeSet::new();
    for path in files.keys() {
        let Some(inside) = path.strip_prefix("recipes/") else {
            continue;
        };
        match inside.split_once('/') {
            Some((folder, _)) if !known.contains(folder) && reported.insert(folder) => {
                let message = format!("`recipes/{folder}/` belongs to no catalogue");
                let help = suggest::help(folder, known.iter().map(String::as_str));
                findings.push(misplaced(path, message).help(help));
            }
            None if stem(inside).is_some() => {
                let message = "recipe is outside the folder of a catalogue".to_owned();
                findings.push(
                    misplaced(path, message)
                        .help("move it to `recipes/<catalogue>/<category>/<option>.yaml`"),
                );
            }
            Some(_) | None => {}
        }
    }
    findings
}

/// Checks a catalogue file without its recipes.
pub fn check_catalog_file(path: &str, bytes: &[u8]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    read_catalog(path, &File::regular(bytes.to_owned()), &mut findings);
    diagnostic::sort(&mut findings);
    findings
}

/// Checks a recipe file without its catalogue, with the literal files beside it.
pub fn check_recipe_file(path: &str, bytes: &[u8], files: &Files) -> Vec<Diagnostic> {
    let document = match source::read(path, bytes) {
        Ok(document) => document,
        Err(findings) => return findings,
    };
    let (recipe, mut findings) = READER.read(&document, None, files, None);
    findings.extend(overlap::check(recipe.iter(), &Compatibility::unknown()));
    diagnostic::sort(&mut findings);
    findings
}

fn misplaced(path: &str, message: String) -> Diagnostic {
    Diagnostic::error(Code::Misplaced, message).at("", Location::start_of(path))
}

/// The schema of catalog.yaml.
static SCHEMA: Schema<CatalogFile> = Schema::new();

static READER: RecipeReader = RecipeReader::new();

fn read_catalog(path: &str, content: &File, findings: &mut Vec<Diagnostic>) -> Option<Parsed> {
    let parsed = read_document(path, content).and_then(|document| {
        let file = SCHEMA.parse_directly(&document)?;
        Ok(Parsed { document, file })
    });
    match parsed {
        Ok(parsed) => {
            findings.extend(rules::check(&parsed.document, &parsed.file));
            Some(parsed)
        }
        Err(found) => {
            findings.extend(found);
            None
        }
    }
}

/// Parses a file. Links are not followed, so the target of one is not a document.
fn read_document(path: &str, file: &File) -> Result<Document, Vec<Diagnostic>> {
    if file.mode == Mode::Symlink {
        let finding = Diagnostic::error(Code::TemplateEntry, "file is a symbolic link")
            .at("", Location::start_of(path));
        return Err(vec![finding.help("replace the link with the file")]);
    }
    source::read(path, &file.bytes)
}

fn check_location(name: &str, parsed: &Parsed, files: &Files, findings: &mut Vec<Diagnostic>) {
    let Parsed { document, file } = parsed;
    let mut report = |code, pointer: &str, message: String, help: &str| {
        let finding = Diagnostic::error(code, message).at(pointer, document.location(pointer));
        findings.push(finding.help(help));
    };
    if file.catalog.as_str() != name {
        let message = format!("catalogue `{}` is in `catalog/{name}/`", file.catalog);
        let help = "use one name for folder and catalogue";
        report(Code::Misplaced, "/catalog", message, help);
    }
    if let (Some(path), None) = (&file.template.path, &file.template.repo) {
        let folder = format!("catalog/{name}/{path}/");
        let has_files = files
            .range(folder.clone()..)
            .next()
            .is_some_and(|(path, _)| path.starts_with(&folder));
        if !has_files {
            let message = format!("`{folder}` contains no file");
            let help = "add the template's files to the folder, or correct the path";
            report(Code::MissingTemplate, "/template/path", message, help);
        }
        for (index, conditional) in file.template.files.iter().enumerate() {
            let path = format!("{folder}{}", conditional.path);
            let below = format!("{path}/");
            let is_folder = || {
                let mut after = files.range(below.clone()..);
                after
                    .next()
                    .is_some_and(|(found, _)| found.starts_with(&below))
            };
            if has_files && !files.contains_key(&path) && !is_folder() {
                let message = format!("`{path}` does not exist");
                let help = "correct the path: it is the one in the template, placeholders included";
                let pointer = format!("/template/files/{index}/path");
                report(Code::MissingTemplate, &pointer, message, help);
            }
        }
    }
}

/// The recipes of a catalogue, while its folder is read.
struct Recipes<'l> {
    /// `recipes/<name>/`.
    folder: String,
    files: &'l Files,
    catalog: Option<&'l Parsed>,
    findings: &'l mut Vec<Diagnostic>,
    by_option: BTreeMap<OptionRef, Recipe>,
    /// Options whose recipe probably exists under a wrong name.
    misnamed: Vec<OptionRef>,
    /// Recipes that are missing for literal files.
    missing: BTreeSet<String>,
    /// The placeholders of the catalogue, if it could be read.
    placeholders: Option<Vec<PlaceholderName>>,
    /// The paths of shared pieces, and of those that are probably meant.
    shared: BTreeSet<String>,
    /// The existing file for which a path without a file is probably meant.
    meant: BTreeMap<String, String>,
    /// The actions of each shared piece that was read, with those of the pieces that it includes.
    pieces: BTreeMap<String, Vec<RecipeAction>>,
}

impl<'l> Recipes<'l> {
    fn new(files: &'l Files, name: &str, findings: &'l mut Vec<Diagnostic>) -> Self {
        Self {
            folder: format!("recipes/{name}/"),
            files,
            catalog: None,
            findings,
            by_option: BTreeMap::new(),
            misnamed: Vec::new(),
            missing: BTreeSet::new(),
            placeholders: None,
            shared: BTreeSet::new(),
            meant: BTreeMap::new(),
            pieces: BTreeMap::new(),
        }
    }

    fn read(
        files: &'l Files,
        name: &str,
        catalog: Option<&'l Parsed>,
        findings: &'l mut Vec<Diagnostic>,
    ) -> BTreeMap<OptionRef, Recipe> {
        let mut recipes = Self::new(files, name, findings);
        recipes.catalog = catalog;
        recipes.placeholders = catalog.map(|catalog| catalog.file.placeholder_names());
        let folder = recipes.folder.clone();
        let own = files
            .range(folder.clone()..)
            .take_while(|(path, _)| path.starts_with(&folder));
        recipes.find_shared();
        let reader = &READER;
        for (path, file) in own {
            let is_only_shared =
                recipes.shared.contains(path) && !recipes.is_recipe_of_option(path);
            if is_only_shared || include::is_beside(&recipes.shared, path) {
                continue;
            }
            let parts: Vec<&str> = path[folder.len()..].split('/').collect();
            match parts.as_slice() {
                [category, recipe] => {
                    if let Some(option) = recipes.option(path, category, recipe) {
                        recipes.read_file(reader, path, file, option);
                    }
                }
                [category, option, ..] => recipes.check_literal(path, category, option),
                _ => recipes.misplaced(
                    path,
                    "file belongs to no category".to_owned(),
                    format!("move it to `{folder}<category>/<option>.yaml`"),
                ),
            }
        }
        if let Some(catalog) = catalog {
            recipes.check_missing(catalog);
        }
        recipes.by_option
    }

    /// Finds the files that recipes include. A file with almost the path of a missing one is no recipe of an option.
    fn find_shared(&mut self) {
        let included = include::included(self.files, &self.folder);
        self.shared = included.existing;
        let unused: Vec<&str> = self
            .files
            .range(self.folder.clone()..)
            .map(|(path, _)| path.as_str())
            .take_while(|path| path.starts_with(&self.folder))
            .filter(|path| stem(path).is_some() && !self.is_recipe_of_option(path))
            .collect();
        for missing in included.missing {
            let with_extension = format!("{missing}.yaml");
            let same = unused.iter().copied().find(|path| *path == with_extension);
            if let Some(near) = same.or_else(|| suggest::nearest_path(&missing, &unused)) {
                self.shared.insert(near.to_owned());
                self.meant.insert(missing, near.to_owned());
            }
        }
    }

    fn is_recipe_of_option(&self, path: &str) -> bool {
        let name = path[self.folder.len()..].strip_suffix(".yaml");
        let option = name.and_then(|name| OptionRef::parse(name).ok());
        let known = self.catalog.zip(option);
        known.is_some_and(|(catalog, option)| rules::unknown(&catalog.file, &option).is_none())
    }

    fn misplaced(&mut self, path: &str, message: String, help: String) {
        self.findings.push(misplaced(path, message).help(help));
    }

    /// A literal file needs the recipe beside its folder.
    fn check_literal(&mut self, path: &str, category: &str, option: &str) {
        let recipe = format!("{}{category}/{option}.yaml", self.folder);
        if self.files.contains_key(&recipe) || !self.missing.insert(recipe.clone()) {
            return;
        }
        self.misplaced(
            path,
            format!("recipe `{recipe}` of this file does not exist"),
            "add the recipe, or remove the file".to_owned(),
        );
        self.misnamed
            .extend(OptionRef::parse(&format!("{category}/{option}")).ok());
    }

    /// The option that a recipe's path names.
    fn option(&mut self, path: &str, category: &str, recipe: &str) -> Option<OptionRef> {
        let name = recipe.strip_suffix(".yaml");
        if let (Ok(category), Some(Ok(option))) = (Slug::parse(category), name.map(Slug::parse)) {
            return Some(OptionRef::new(&category, &option));
        }
        let better = stem(recipe).and_then(Slug::from_title);
        let help = if let (Some(category), Some(option)) = (Slug::from_title(category), better) {
            let option = OptionRef::new(&category, &option);
            let help = format!("rename it to `{}{option}.yaml`", self.folder);
            self.misnamed.push(option);
            help
        } else {
            format!("rename it to `{}<category>/<option>.yaml`", self.folder)
        };
        self.misplaced(path, "file is not named like an option".to_owned(), help);
        None
    }

    fn read_file(&mut self, reader: &RecipeReader, path: &str, file: &File, option: OptionRef) {
        if let Some(Parsed { file, .. }) = self.catalog
            && let Some((message, _)) = rules::unknown(file, &option)
        {
            self.check_unknown(path, file, &option, &message);
        }
        let document = match read_document(path, file) {
            Ok(document) => document,
            Err(found) => return self.findings.extend(found),
        };
        let (recipe, found) = reader.read(
            &document,
            Some(option.clone()),
            self.files,
            self.placeholders.as_deref(),
        );
        self.findings.extend(found);
        let Some(mut recipe) = recipe else { return };
        if let Some(Parsed { file, .. }) = self.catalog {
            check_conditions(&recipe, &document, file, self.findings);
        }
        let mut trail = vec![path.to_owned()];
        let mut actions = self.included(reader, &document, &option, &mut trail);
        actions.append(&mut recipe.actions);
        recipe.actions = actions;
        self.by_option.insert(option, recipe);
    }

    /// The actions of the pieces that a recipe includes, in order.
    fn included(
        &mut self,
        reader: &RecipeReader,
        document: &Document,
        option: &OptionRef,
        trail: &mut Vec<String>,
    ) -> Vec<RecipeAction> {
        let mut actions = Vec::new();
        for (index, piece) in include::included_by(document).iter().enumerate() {
            let path = format!("{}{piece}", self.folder);
            let problem = if trail.contains(&path) {
                let circle = trail.join("` → `");
                Some((
                    format!("recipes include each other: `{circle}` → `{path}`"),
                    "remove one of the entries".to_owned(),
                ))
            } else if self.files.contains_key(&path) {
                None
            } else {
                let help = match self.meant.get(&path) {
                    Some(near) => format!("did you mean `{}`?", &near[self.folder.len()..]),
                    None => format!("write a path below `{}`", self.folder),
                };
                Some((format!("`{path}` does not exist"), help))
            };
            if let Some((message, help)) = problem {
                let pointer = format!("/include/{index}");
                let location = document.location(&pointer);
                let finding =
                    Diagnostic::error(Code::IncludedRecipe, message).at(pointer, location);
                self.findings.push(finding.help(help));
                continue;
            }
            actions.extend(self.piece(reader, (piece, &path), option, trail));
            // Before the next piece: pieces that include each other several times would multiply.
            if actions.len() > MAX_ACTIONS {
                let pointer = format!("/include/{index}");
                let location = document.location(&pointer);
                let message = format!("more than {MAX_ACTIONS} actions are included");
                let finding = Diagnostic::error(Code::TooManyActions, message);
                let help = "include fewer pieces, or copy a folder with one COPY_FILE";
                self.findings.push(finding.at(pointer, location).help(help));
                actions.truncate(MAX_ACTIONS);
                break;
            }
        }
        actions
    }

    /// The actions of a piece, after those that it includes itself. Each piece is read once.
    fn piece(
        &mut self,
        reader: &RecipeReader,
        (piece, path): (&str, &str),
        option: &OptionRef,
        trail: &mut Vec<String>,
    ) -> Vec<RecipeAction> {
        if let Some(known) = self.pieces.get(path) {
            return known.clone();
        }
        trail.push(path.to_owned());
        let actions = self.read_piece(reader, (piece, path), option, trail);
        trail.pop();
        self.pieces.insert(path.to_owned(), actions.clone());
        actions
    }

    fn read_piece(
        &mut self,
        reader: &RecipeReader,
        (piece, path): (&str, &str),
        option: &OptionRef,
        trail: &mut Vec<String>,
    ) -> Vec<RecipeAction> {
        let document = match read_document(path, &self.files[path]) {
            Ok(document) => document,
            Err(found) => {
                self.findings.extend(found);
                return Vec::new();
            }
        };
        let placeholders = self.placeholders.as_deref();
        let (recipe, found) =
            reader.read(&document, Some(option.clone()), self.files, placeholders);
        self.findings.extend(found);
        let mut actions = self.included(reader, &document, option, trail);
        let Some(recipe) = recipe else {
            return actions;
        };
        if let Some(Parsed { file, .. }) = self.catalog {
            check_conditions(&recipe, &document, file, self.findings);
        }
        let own = recipe.actions.into_iter();
        actions.extend(own.map(|action| include::adopted(action, piece)));
        actions
    }

    /// A recipe of an unknown option: the name may be meant for an option without a recipe.
    fn check_unknown(
        &mut self,
        path: &str,
        catalog: &CatalogFile,
        option: &OptionRef,
        message: &str,
    ) {
        let without_recipe: Vec<OptionRef> = catalog
            .options()
            .map(|entry| entry.reference())
            .filter(|option| {
                !self
                    .files
                    .contains_key(&format!("{}{option}.yaml", self.folder))
            })
            .collect();
        let candidates = without_recipe.iter().map(OptionRef::as_str);
        let near = suggest::nearest(option.as_str(), candidates);
        let help = near.map_or_else(
            || "add the option to the catalogue, or remove the file".to_owned(),
            |near| format!("did you mean `{}{near}.yaml`?", self.folder),
        );
        self.misplaced(
            path,
            format!("recipe belongs to no option: {message}"),
            help,
        );
        self.misnamed
            .extend(near.and_then(|near| OptionRef::parse(near).ok()));
    }

    /// Options without a recipe, except those whose recipe has a wrong name.
    fn check_missing(&mut self, catalog: &Parsed) {
        for entry in catalog.file.options() {
            let option = entry.reference();
            let path = format!("{}{option}.yaml", self.folder);
            if self.files.contains_key(&path) || self.misnamed.contains(&option) {
                continue;
            }
            let pointer = format!("{}/slug", entry.pointer());
            let location = catalog.document.location(&pointer);
            let message = format!("option `{option}` has no recipe `{path}`");
            self.findings.push(
                Diagnostic::warning(Code::NoRecipe, message)
                    .at(pointer, location)
                    .help("write `actions: []` into that file if the option has no actions"),
            );
        }
    }
}

/// The name of a YAML or JSON file without its extension.
fn stem(file: &str) -> Option<&str> {
    [".yaml", ".yml", ".json"]
        .iter()
        .find_map(|extension| file.strip_suffix(extension))
}

fn check_conditions(
    recipe: &Recipe,
    document: &Document,
    catalog: &CatalogFile,
    findings: &mut Vec<Diagnostic>,
) {
    for action in &recipe.actions {
        let common = action.action.common();
        for (field, condition) in [("when", &common.when), ("unless", &common.unless)] {
            let pointer = format!("{}/{field}", action.pointer);
            findings.extend(rules::condition(catalog, document, &pointer, condition));
        }
    }
}
