//! The rules of the settings on a forge in catalog.yaml.

use super::{CatalogFile, SelectionType};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::repository_settings::{AccountName, RepositorySettings};
use crate::model::single_line::SingleLine;
use crate::model::suggest;
use crate::source::node::Document;
use std::collections::BTreeMap;

/// The longest name and the longest description of a label on GitHub, in characters.
/// Source: <https://docs.github.com/en/rest/issues/labels#create-a-label>.
const MAX_NAME: usize = 50;
const MAX_DESCRIPTION: usize = 100;

/// All findings about the settings of the catalogue and its options.
pub(super) fn check(document: &Document, catalog: &CatalogFile) -> Vec<Diagnostic> {
    let mut rules = SettingsRules {
        document,
        catalog,
        findings: Vec::new(),
    };
    rules.unique("label", labels(catalog));
    rules.unique("issue", issues(catalog));
    rules.protections();
    for (pointer, settings) in all(catalog) {
        rules.lengths(&pointer, settings);
        rules.accounts(&pointer, settings);
        rules.labels_of_issues(&pointer, settings);
    }
    rules.findings
}

struct SettingsRules<'d> {
    document: &'d Document,
    catalog: &'d CatalogFile,
    findings: Vec<Diagnostic>,
}

/// The settings of the catalogue and of each option, with their pointers.
fn all(catalog: &CatalogFile) -> impl Iterator<Item = (String, &RepositorySettings)> {
    let options = catalog.options().map(|entry| {
        let pointer = format!("{}/settings", entry.pointer());
        (pointer, &entry.option.settings)
    });
    std::iter::once(("/settings".to_owned(), &catalog.settings)).chain(options)
}

/// The names of all labels, with their pointers.
fn labels(catalog: &CatalogFile) -> impl Iterator<Item = (String, &SingleLine)> {
    all(catalog).flat_map(|(pointer, settings)| {
        let labels = settings.labels.iter().enumerate();
        labels.map(move |(index, one)| (format!("{pointer}/labels/{index}/name"), &one.name))
    })
}

/// The titles of all issues, with their pointers.
fn issues(catalog: &CatalogFile) -> impl Iterator<Item = (String, &SingleLine)> {
    all(catalog).flat_map(|(pointer, settings)| {
        let issues = settings.issues.iter().enumerate();
        issues.map(move |(index, one)| (format!("{pointer}/issues/{index}/title"), &one.title))
    })
}

impl SettingsRules<'_> {
    /// A name is used once, because a repository has one list of them. A forge ignores the case.
    fn unique<'c>(&mut self, what: &str, names: impl Iterator<Item = (String, &'c SingleLine)>) {
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        for (pointer, name) in names {
            let Some(earlier) = first.get(&name.as_str().to_lowercase()) else {
                first.insert(name.as_str().to_lowercase(), pointer);
                continue;
            };
            let message = format!("{what} `{name}` is named twice");
            let finding = Diagnostic::error(Code::DuplicateSlug, message)
                .at(&pointer, self.document.location(&pointer))
                .also(Some(self.document.location(earlier)), "first named here");
            self.findings
                .push(finding.help("choose another name, or keep one of them"));
        }
    }

    /// At most one protection applies to a selection: that of the catalogue, or those of one SINGLE category.
    fn protections(&mut self) {
        let has_own = self.catalog.settings.protection.is_some();
        let mut first: Option<usize> = None;
        for (c, category) in self.catalog.categories.iter().enumerate() {
            for (o, option) in category.options.iter().enumerate() {
                if option.settings.protection.is_none() {
                    continue;
                }
                let is_only = !has_own
                    && category.selection == SelectionType::Single
                    && *first.get_or_insert(c) == c;
                if !is_only {
                    let pointer = format!("/categories/{c}/options/{o}/settings/protection");
                    let message = "two protections of `main` can apply together".to_owned();
                    let help = "set it in the catalogue, or in the options of one SINGLE category";
                    self.error(Code::ValueConflict, &pointer, message, help);
                }
            }
        }
    }

    fn lengths(&mut self, pointer: &str, settings: &RepositorySettings) {
        for (index, label) in settings.labels.iter().enumerate() {
            let description = label.description.as_ref();
            let lines = [
                ("name", Some(&label.name), MAX_NAME),
                ("description", description, MAX_DESCRIPTION),
            ];
            for (field, line, max) in lines {
                let length = line.map_or(0, |line| line.as_str().chars().count());
                if length > max {
                    let pointer = format!("{pointer}/labels/{index}/{field}");
                    let message =
                        format!("{field} of a label has {length} characters, the maximum is {max}");
                    self.error(Code::BadValue, &pointer, message, "shorten it");
                }
            }
        }
    }

    /// Placeholders of accounts are those of the catalogue.
    fn accounts(&mut self, pointer: &str, settings: &RepositorySettings) {
        let named = settings.collaborators.iter().enumerate();
        let collaborators = named.map(|(index, one)| {
            (
                format!("{pointer}/collaborators/{index}/account"),
                &one.account,
            )
        });
        let lists = settings.protection.iter().flat_map(|protection| {
            [
                ("approvers", &protection.approvers),
                ("mergers", &protection.mergers),
            ]
        });
        let listed = lists.flat_map(|(list, accounts)| {
            let entries = accounts.iter().enumerate();
            entries.map(move |(index, one)| (format!("{pointer}/protection/{list}/{index}"), one))
        });
        let known = self.catalog.placeholder_names();
        let unknown = |(_, account): &(String, &AccountName)| {
            let name = account.placeholder();
            name.is_some_and(|name| !known.contains(&name))
        };
        for (pointer, account) in collaborators
            .chain(listed)
            .filter(unknown)
            .collect::<Vec<_>>()
        {
            let message = format!("unknown placeholder `{account}`");
            let help = "name a fact of `placeholders`, or an input of the catalogue";
            self.error(Code::UnknownPlaceholder, &pointer, message, help);
        }
    }

    /// The labels of an issue are those of the catalogue or of the same option.
    fn labels_of_issues(&mut self, pointer: &str, settings: &RepositorySettings) {
        let labels = || {
            let all = self.catalog.settings.labels.iter();
            all.chain(&settings.labels).map(|one| one.name.as_str())
        };
        let mut unknown = Vec::new();
        for (i, issue) in settings.issues.iter().enumerate() {
            for (index, label) in issue.labels.iter().enumerate() {
                if !labels().any(|known| known == label.as_str()) {
                    let pointer = format!("{pointer}/issues/{i}/labels/{index}");
                    let help = suggest::help(label.as_str(), labels());
                    unknown.push((pointer, format!("unknown label `{label}`"), help));
                }
            }
        }
        for (pointer, message, help) in unknown {
            self.error(Code::UnknownWord, &pointer, message, help);
        }
    }

    fn error(&mut self, code: Code, pointer: &str, message: String, help: impl Into<String>) {
        let location = self.document.location(pointer);
        let finding = Diagnostic::error(code, message).at(pointer, location);
        self.findings.push(finding.help(help));
    }
}
