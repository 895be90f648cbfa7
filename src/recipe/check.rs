//! From a recipe's text to a [`Recipe`], with every finding on the way.

use super::rules::{self, MAX_CONDITIONS, Violation};
use super::{Recipe, RecipeAction, RecipeFile};
use crate::model::action::{Action, CopyFile};
use crate::model::content::Files;
use crate::model::content::{File, Mode};
use crate::model::diagnostic::{Code, Diagnostic, Location};
use crate::model::path::TreePath;
use crate::model::plan::{MAX_ACTIONS, Placeholder};
use crate::model::slug::OptionRef;
use crate::model::suggest;
use crate::source::node::{Document, NodeValue};
use crate::source::schema::Schema;
use std::collections::{BTreeMap, BTreeSet};

/// Reads recipes; built once, used for all of a catalogue.
pub struct RecipeReader {
    schema: Schema<RecipeFile>,
}

/// The folder of a recipe's literal files: its own path without `.yaml`.
pub fn literal_folder(file: &str) -> &str {
    let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    &file[..file.len() - name.len() + stem.len()]
}

impl RecipeReader {
    /// A reader with the recipe schema.
    pub fn new() -> Self {
        Self {
            schema: Schema::new(),
        }
    }

    /// Checks one recipe against its own rules and the files beside it.
    pub fn read(
        &self,
        document: &Document,
        option: Option<OptionRef>,
        files: &Files,
    ) -> (Option<Recipe>, Vec<Diagnostic>) {
        let mut check = RecipeCheck {
            document,
            findings: Vec::new(),
        };
        // Before the schema, which keeps half a dozen errors of every wrong action in memory.
        if let Some(NodeValue::List(actions)) = document.root.get("actions").map(|node| &node.value)
            && actions.len() > MAX_ACTIONS
        {
            check.error_on_mapping(
                Code::TooManyActions,
                &format!("/actions/{MAX_ACTIONS}"),
                &format!(
                    "this recipe has {} actions, at most {MAX_ACTIONS} run",
                    actions.len()
                ),
                "copy a folder with one COPY_FILE instead of many single files",
            );
            return (None, check.findings);
        }
        let written = match self.schema.parse(document) {
            Ok(written) => written,
            Err(findings) => return (None, findings),
        };
        let mut is_readable = true;
        for (index, action) in written.actions.iter().enumerate() {
            is_readable &= action.common().when.len() <= MAX_CONDITIONS;
            for violation in rules::violations(action) {
                check.violation(&format!("/actions/{index}"), violation);
            }
        }
        if !is_readable {
            return (None, check.findings);
        }
        let folder = format!("{}/", literal_folder(document.text.name()));
        let literals: BTreeMap<&str, &File> = files
            .range(folder.clone()..)
            .take_while(|(path, _)| path.starts_with(&folder))
            .map(|(path, file)| (&path[folder.len()..], file))
            .collect();
        let mut used = BTreeSet::new();
        let actions = written
            .actions
            .into_iter()
            .enumerate()
            .map(|(index, action)| {
                let pointer = format!("/actions/{index}");
                let copied = check.action(&pointer, &action, &literals, &mut used);
                RecipeAction {
                    location: document.mapping_location(&pointer),
                    action,
                    pointer,
                    literals: copied,
                }
            });
        let actions = actions.collect();
        for unused in literals.keys().filter(|path| !used.contains(*path)) {
            let path = format!("{folder}{unused}");
            let message = format!(
                "no action of `{name}` copies this file",
                name = document.text.name()
            );
            let finding = Diagnostic::warning(Code::UnusedLiteral, message)
                .at("", Some(Location::start_of(path)));
            check.findings.push(finding.help(format!(
                "copy it with COPY_FILE and `from: {unused}`, or remove it"
            )));
        }
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

struct RecipeCheck<'d> {
    document: &'d Document,
    findings: Vec<Diagnostic>,
}

impl RecipeCheck<'_> {
    fn action<'l>(
        &mut self,
        pointer: &str,
        action: &Action,
        literals: &BTreeMap<&'l str, &File>,
        used: &mut BTreeSet<&'l str>,
    ) -> BTreeMap<TreePath, File> {
        match action {
            Action::CopyFile(copy) => return self.copy(pointer, copy, literals, used),
            Action::WriteFile(write) => {
                self.placeholders(&format!("{pointer}/content"), &write.content);
            }
            Action::AppendToFile(append) => {
                self.placeholders(&format!("{pointer}/content"), &append.content);
            }
            Action::ReplaceString(replace) => {
                self.placeholders(&format!("{pointer}/replace"), &replace.replace);
            }
            Action::CreateAdrStub(adr) => {
                let parts = [
                    ("context", &adr.context),
                    ("decision", &adr.decision),
                    ("consequences", &adr.consequences),
                ];
                for (field, text) in parts {
                    self.placeholders(
                        &format!("{pointer}/{field}"),
                        text.as_deref().unwrap_or_default(),
                    );
                }
            }
            Action::AddDependency(_) => {}
        }
        BTreeMap::new()
    }

    fn copy<'l>(
        &mut self,
        pointer: &str,
        copy: &CopyFile,
        literals: &BTreeMap<&'l str, &File>,
        used: &mut BTreeSet<&'l str>,
    ) -> BTreeMap<TreePath, File> {
        let (Some(from), None) = (&copy.from, &copy.template) else {
            return BTreeMap::new();
        };
        let below = format!("{from}/");
        let mut copied = BTreeMap::new();
        for (path, file) in literals
            .iter()
            .filter(|(path, _)| **path == from.as_str() || path.starts_with(&below))
        {
            used.insert(path);
            match TreePath::parse(path) {
                Ok(_) if file.mode == Mode::Symlink => {
                    let message = format!("`{path}` is a symbolic link");
                    self.error(
                        Code::TemplateEntry,
                        &format!("{pointer}/from"),
                        message,
                        "put the file itself in its place",
                    );
                }
                Ok(path) => {
                    copied.insert(path, (*file).clone());
                }
                Err(error) => {
                    let message = format!("`{}` cannot be copied: {error}", path.escape_debug());
                    self.error(
                        Code::TemplateEntry,
                        &format!("{pointer}/from"),
                        message,
                        "rename the file",
                    );
                }
            }
        }
        if !literals
            .keys()
            .any(|path| *path == from.as_str() || path.starts_with(&below))
        {
            let folder = literal_folder(self.document.text.name());
            let message = format!("there is no `{folder}/{from}`");
            let help = match suggest::nearest(from.as_str(), literals.keys().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("`from` is looked up below `{folder}/`; put the file there"),
            };
            self.error(
                Code::MissingLiteral,
                &format!("{pointer}/from"),
                message,
                help,
            );
        }
        copied
    }

    /// Warns of `__PRODUCT_NAM__`: near a placeholder, but none.
    fn placeholders(&mut self, pointer: &str, text: &str) {
        for word in text.split(|c: char| !c.is_ascii_uppercase() && c != '_') {
            let is_token = word.len() > 4 && word.starts_with("__") && word.ends_with("__");
            let known = Placeholder::ALL
                .iter()
                .map(|placeholder| placeholder.token());
            if is_token
                && !known.clone().any(|token| token == word)
                && let Some(near) = suggest::nearest(word, known)
            {
                let finding = Diagnostic::warning(
                    Code::UnknownPlaceholder,
                    format!("`{word}` is not a placeholder and stays as it is"),
                )
                .at(pointer, self.document.location(pointer));
                self.findings
                    .push(finding.help(format!("did you mean `{near}`?")));
            }
        }
    }

    fn violation(&mut self, action: &str, violation: Violation) {
        match violation.field {
            None => {
                self.error_on_mapping(violation.code, action, &violation.message, violation.help)
            }
            Some(field) => {
                let pointer = format!("{action}/{field}");
                self.error(violation.code, &pointer, violation.message, violation.help);
            }
        }
    }

    fn error(&mut self, code: Code, pointer: &str, message: String, help: impl Into<String>) {
        let location = self.document.location(pointer);
        self.findings.push(
            Diagnostic::error(code, message)
                .at(pointer, location)
                .help(help),
        );
    }

    fn error_on_mapping(&mut self, code: Code, pointer: &str, message: &str, help: &str) {
        let location = self.document.mapping_location(pointer);
        self.findings.push(
            Diagnostic::error(code, message)
                .at(pointer, location)
                .help(help),
        );
    }
}
