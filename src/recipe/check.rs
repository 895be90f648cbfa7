//! Validation of recipes and of their literal files.

use super::rules::{self, MAX_CONDITIONS, Violation};
use super::{Recipe, RecipeAction, RecipeFile};
use crate::interpret::action::kind_of;
use crate::interpret::{template_warnings, unknown_help};
use crate::model::action::{Action, WriteFile, WrittenAction};
use crate::model::content::{File, Files, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::ordered_value::KeyOrder;
use crate::model::path::{ActionPath, SafeRelPath, TreePath};
use crate::model::placeholder::{BuiltInFact, PlaceholderName, tokens_in};
use crate::model::plan::MAX_ACTIONS;
use crate::model::slug::OptionRef;
use crate::model::suggest;
use crate::source::node::{Document, MAX_FINDINGS, Node, NodeValue};
use crate::source::schema::Schema;
use std::collections::{BTreeMap, BTreeSet};

/// The schema of recipes, reused for all recipes.
pub struct RecipeReader {
    schema: Schema<RecipeFile>,
}

/// The folder of a recipe's literal files: its path without the extension.
pub fn literal_folder(file: &str) -> &str {
    let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    &file[..file.len() - name.len() + stem.len()]
}

impl RecipeReader {
    pub const fn new() -> Self {
        Self {
            schema: Schema::new(),
        }
    }

    /// Validates a recipe and the files beside it. Returns no recipe if the document cannot be read as one. `placeholders`
    /// are those of the catalogue; without it they are not known.
    pub fn read(
        &self,
        document: &Document,
        option: Option<OptionRef>,
        files: &Files,
        placeholders: Option<&[PlaceholderName]>,
    ) -> (Option<Recipe>, Vec<Diagnostic>) {
        let mut check = RecipeCheck::of(document, files, placeholders);
        // Checked before the schema, which allocates several errors for each wrong action.
        if check.has_too_many_actions() {
            return (None, check.findings);
        }
        check.unsafe_paths();
        let recipe = match self.schema.parse_directly(document) {
            Ok(recipe) => recipe,
            Err(findings) => {
                check.add_new(findings);
                return (None, check.findings);
            }
        };
        let written = recipe.actions.into_iter().enumerate();
        let actions: Vec<Action> = written
            .map(|(index, WrittenAction(action))| with_key_order(action, index, document))
            .collect();
        for (index, action) in actions.iter().enumerate() {
            for violation in rules::violations(action) {
                check.violation(&format!("/actions/{index}"), violation);
            }
            check.without_repetitions();
        }
        let has_many_conditions = |action: &Action| {
            let common = action.common();
            common.when.len().max(common.unless.len()) > MAX_CONDITIONS
        };
        if actions.iter().any(has_many_conditions) {
            return (None, check.findings);
        }
        let actions = actions
            .into_iter()
            .enumerate()
            .map(|(index, action)| check.action(index, action))
            .collect();
        check.unused_literals();
        let recipe = Recipe {
            option,
            file: document.text.name().to_owned(),
            actions,
        };
        (Some(recipe), check.findings)
    }
}

impl Default for RecipeReader {
    fn default() -> Self {
        Self::new()
    }
}

/// The action with the order of keys in its value, unless the recipe gives it.
fn with_key_order(mut action: Action, index: usize, document: &Document) -> Action {
    if let Action::SetValue(set) = &mut action
        && set.key_order.is_empty()
        && let Some(value) = document.root.at(&format!("/actions/{index}/value"))
    {
        record_keys(value, &mut Vec::new(), &mut set.key_order);
    }
    action
}

fn record_keys(node: &Node, tokens: &mut Vec<String>, order: &mut KeyOrder) {
    let keys = node.entries().iter().map(|entry| entry.key.clone());
    order.record(tokens, keys.collect());
    let mut below = |token: String, node: &Node| {
        tokens.push(token);
        record_keys(node, tokens, order);
        tokens.pop();
    };
    for entry in node.entries() {
        below(entry.key.clone(), &entry.value);
    }
    if let NodeValue::List(items) = &node.value {
        for (index, item) in items.iter().enumerate() {
            below(index.to_string(), item);
        }
    }
}

/// The validation of one recipe.
struct RecipeCheck<'d> {
    document: &'d Document,
    findings: Vec<Diagnostic>,
    /// The literal files by their path below the recipe's folder.
    literals: BTreeMap<&'d str, &'d File>,
    /// The literal files that an action copies.
    used: BTreeSet<&'d str>,
    /// The placeholders of the catalogue, if it is known.
    placeholders: Option<&'d [PlaceholderName]>,
}

impl<'d> RecipeCheck<'d> {
    fn of(
        document: &'d Document,
        files: &'d Files,
        placeholders: Option<&'d [PlaceholderName]>,
    ) -> Self {
        let folder = format!("{}/", literal_folder(document.text.name()));
        Self {
            document,
            findings: Vec::new(),
            literals: files
                .range(folder.clone()..)
                .take_while(|(path, _)| path.starts_with(&folder))
                .map(|(path, file)| (&path[folder.len()..], file))
                .collect(),
            used: BTreeSet::new(),
            placeholders,
        }
    }

    /// Reports the paths that only an action with `any_path` may name. Before the schema, so that all are reported even if
    /// another action is not valid.
    fn unsafe_paths(&mut self) {
        const FIELDS: [&str; 5] = ["from", "template", "to", "path", "manifest"];
        let Some(NodeValue::List(actions)) =
            self.document.root.get("actions").map(|node| &node.value)
        else {
            return;
        };
        for (index, action) in actions.iter().enumerate().take(MAX_ACTIONS) {
            let any_path = action.get("any_path").map(|node| &node.value);
            if matches!(any_path, Some(NodeValue::Bool(true))) {
                continue;
            }
            for field in FIELDS {
                if self.findings.len() >= MAX_FINDINGS {
                    return;
                }
                if let Some(NodeValue::Text(path)) = action.get(field).map(|node| &node.value)
                    && let Err(error) = SafeRelPath::parse(path)
                {
                    let pointer = format!("/actions/{index}/{field}");
                    let help = rules::path_help(field, path);
                    self.error(Code::BadPath, &pointer, error.to_string(), help);
                }
            }
        }
    }

    /// Adds findings except those about a path that is reported already.
    fn add_new(&mut self, findings: Vec<Diagnostic>) {
        self.findings.extend(findings);
        self.without_repetitions();
    }

    /// Keeps the first finding about each path.
    fn without_repetitions(&mut self) {
        let mut seen = BTreeSet::new();
        self.findings.retain(|finding| {
            finding.code != Code::BadPath || seen.insert(finding.pointer.clone())
        });
    }

    fn has_too_many_actions(&mut self) -> bool {
        let Some(NodeValue::List(actions)) =
            self.document.root.get("actions").map(|node| &node.value)
        else {
            return false;
        };
        if actions.len() <= MAX_ACTIONS {
            return false;
        }
        let found = actions.len();
        self.error_on_mapping(
            Code::TooManyActions,
            &format!("/actions/{MAX_ACTIONS}"),
            &format!("recipe has {found} actions, the maximum is {MAX_ACTIONS}"),
            "copy a folder with one COPY_FILE instead of many single files",
        );
        true
    }

    fn action(&mut self, index: usize, action: Action) -> RecipeAction {
        let pointer = format!("/actions/{index}");
        for (field, text) in kind_of(&action).texts() {
            self.placeholders(&format!("{pointer}/{field}"), text);
        }
        let action = match action {
            Action::WriteFile(write) => Action::WriteFile(self.with_licence_text(&pointer, write)),
            other => other,
        };
        let kind = kind_of(&action);
        for (field, path) in action.paths() {
            self.placeholders(&format!("{pointer}/{field}"), path.as_str());
        }
        self.target(&pointer, &kind.target());
        let literals = match kind.source() {
            Some(from) => self.copy(&format!("{pointer}/from"), from),
            None => BTreeMap::new(),
        };
        RecipeAction {
            location: self.document.mapping_location(&pointer),
            action,
            pointer,
            literals,
        }
    }

    /// The action with the text of its licence, whose placeholders are those of its field.
    fn with_licence_text(&mut self, pointer: &str, mut write: WriteFile) -> WriteFile {
        if write.content.is_none() && write.licence.is_some() {
            let text = write.text().into_owned();
            self.placeholders(&format!("{pointer}/licence"), &text);
            write.content = Some(text);
        }
        WriteFile {
            licence: None,
            holder: None,
            ..write
        }
    }

    /// The literal files at or below a path of the recipe's folder.
    fn copy(&mut self, pointer: &str, from: &ActionPath) -> BTreeMap<TreePath, File> {
        let below = format!("{from}/");
        let is_copied = |path: &str| path == from.as_str() || path.starts_with(&below);
        let found: Vec<(&str, &File)> = self
            .literals
            .iter()
            .filter(|(path, _)| is_copied(path))
            .map(|(path, file)| (*path, *file))
            .collect();
        if found.is_empty() {
            self.missing_literal(pointer, from.as_str());
        }
        let mut copied = BTreeMap::new();
        for (path, file) in found {
            self.used.insert(path);
            let (message, help) = match TreePath::parse(path) {
                Ok(_) if file.mode == Mode::Symlink => (
                    format!("`{path}` is a symbolic link"),
                    "replace the link with the file",
                ),
                Ok(checked) => {
                    let known = self.placeholders.unwrap_or_default();
                    let one = std::iter::once((path, file));
                    let mut warnings = template_warnings(one, known);
                    if self.placeholders.is_none() {
                        warnings.retain(|warning| warning.code != Code::UnknownPlaceholder);
                    }
                    let folder = literal_folder(self.document.text.name());
                    let below = |warning: Diagnostic| warning.below(folder);
                    self.findings.extend(warnings.into_iter().map(below));
                    copied.insert(checked, file.clone());
                    continue;
                }
                Err(error) => (
                    format!("`{}` cannot be copied: {error}", path.escape_debug()),
                    "rename the file",
                ),
            };
            self.error(Code::TemplateEntry, pointer, message, help);
        }
        copied
    }

    /// Warns about the file in which git finds submodules.
    fn target(&mut self, action: &str, target: &str) {
        let field = ["to", "path", "manifest"]
            .map(|field| format!("{action}/{field}"))
            .into_iter()
            .find(|pointer| self.document.root.at(pointer).is_some());
        let pointer = field.as_deref().unwrap_or(action);
        if target.eq_ignore_ascii_case(".gitmodules") {
            let message = "recipe writes `.gitmodules`, whose repositories git fetches".to_owned();
            let help = "copy the files into the template instead";
            self.warning(Code::WritesSubmodules, pointer, message, help);
        }
    }

    fn missing_literal(&mut self, pointer: &str, from: &str) {
        let folder = literal_folder(self.document.text.name());
        let message = format!("`{folder}/{from}` does not exist");
        let beside: Vec<&str> = self.literals.keys().copied().collect();
        let help = match suggest::nearest_path(from, &beside) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add the file: `from` is a path below `{folder}/`"),
        };
        self.error(Code::MissingLiteral, pointer, message, help);
    }

    /// Warns about files that no action copies, unless an action without its file is reported: that one may be meant.
    fn unused_literals(&mut self) {
        let is_without_file =
            |finding: &Diagnostic| matches!(finding.code, Code::CopySource | Code::MissingLiteral);
        if self.findings.iter().any(is_without_file) {
            return;
        }
        let name = self.document.text.name();
        let folder = literal_folder(name);
        for unused in self
            .literals
            .keys()
            .filter(|path| !self.used.contains(*path))
        {
            let message = format!("no action of `{name}` copies this file");
            self.findings.push(
                Diagnostic::warning(Code::UnusedLiteral, message)
                    .at("", Some(Location::start_of(format!("{folder}/{unused}"))))
                    .help(format!(
                        "copy it with COPY_FILE and `from: {unused}`, or remove it"
                    )),
            );
        }
    }

    /// Warns about placeholders that nothing replaces. Without the catalogue only misspelt facts are known to be some.
    fn placeholders(&mut self, pointer: &str, text: &str) {
        let facts: Vec<PlaceholderName>;
        let known = if let Some(known) = self.placeholders {
            known
        } else {
            facts = BuiltInFact::ALL
                .iter()
                .flat_map(|fact| fact.name().with_cases())
                .collect();
            &facts
        };
        for (_, word) in tokens_in(text) {
            let name = &word[2..word.len() - 2];
            let is_known = known.iter().any(|known| known.as_str() == name);
            let is_near =
                || suggest::nearest(name, known.iter().map(PlaceholderName::as_str)).is_some();
            if !is_known && (self.placeholders.is_some() || is_near()) {
                let message = format!("nothing replaces the placeholder `{word}`");
                let help = unknown_help(known, word);
                self.warning(Code::UnknownPlaceholder, pointer, message, &help);
            }
        }
    }

    fn violation(&mut self, action: &str, violation: Violation) {
        let Violation {
            code,
            field,
            message,
            help,
        } = violation;
        match field {
            None => self.error_on_mapping(code, action, &message, help),
            Some(field) => self.error(code, &format!("{action}/{field}"), message, help),
        }
    }

    fn error(&mut self, code: Code, pointer: &str, message: String, help: impl Into<String>) {
        let location = self.document.location(pointer);
        let finding = Diagnostic::error(code, message).at(pointer, location);
        self.findings.push(finding.help(help));
    }

    fn warning(&mut self, code: Code, pointer: &str, message: String, help: &str) {
        let location = self.document.location(pointer);
        let finding = Diagnostic::warning(code, message).at(pointer, location);
        self.findings.push(finding.help(help));
    }

    fn error_on_mapping(&mut self, code: Code, pointer: &str, message: &str, help: &str) {
        let location = self.document.mapping_location(pointer);
        let finding = Diagnostic::error(code, message).at(pointer, location);
        self.findings.push(finding.help(help));
    }
}
