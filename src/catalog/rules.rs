//! The rules of catalog.yaml.

use super::compatibility::Compatibility;
use super::file::OptionEntry;
use super::{CatalogFile, SelectionType, input_rules, settings_rules};
use crate::model::condition::Condition;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::slug::{OptionRef, Slug};
use crate::model::suggest;
use crate::source::node::{Document, MAX_FINDINGS};
use std::collections::{BTreeMap, BTreeSet};

/// The maximum number of categories, and of options in each.
const MAX_ENTRIES: usize = 100;

/// All findings in catalog.yaml.
pub(super) fn check(document: &Document, catalog: &CatalogFile) -> Vec<Diagnostic> {
    let mut rules = Rules {
        document,
        catalog,
        findings: Vec::new(),
    };
    rules.sizes();
    if rules.findings.is_empty() {
        rules.template();
        rules.slugs();
        rules.references();
        rules.cycles();
        rules.defaults();
        rules.compatibility();
        rules.findings.extend(input_rules::check(document, catalog));
        rules
            .findings
            .extend(settings_rules::check(document, catalog));
        rules.former_slugs();
    }
    rules.findings
}

struct Rules<'d> {
    document: &'d Document,
    catalog: &'d CatalogFile,
    findings: Vec<Diagnostic>,
}

impl<'d> Rules<'d> {
    fn sizes(&mut self) {
        let categories = self.catalog.categories.iter().enumerate();
        let lists = categories.map(|(c, category)| {
            (
                format!("/categories/{c}/options/{MAX_ENTRIES}/slug"),
                "options",
                category.options.len(),
            )
        });
        let all = std::iter::once((
            format!("/categories/{MAX_ENTRIES}/slug"),
            "categories",
            self.catalog.categories.len(),
        ))
        .chain(lists);
        for (pointer, what, length) in all
            .filter(|(.., length)| *length > MAX_ENTRIES)
            .collect::<Vec<_>>()
        {
            let message = format!("{length} {what}, the maximum is {MAX_ENTRIES}");
            self.error(
                Code::TooManyOptions,
                &pointer,
                message,
                "group them into several categories, or split the catalogue",
            );
        }
    }

    fn template(&mut self) {
        let source = &self.catalog.template;
        let help =
            "write `{ path: template, version: v1.0.0 }`, or `{ repo: https://…, ref: v1.0.0 }`";
        let missing = match (&source.path, &source.version, &source.repo, &source.r#ref) {
            (Some(_), Some(_), None, None) | (_, None, Some(_), Some(_)) => return,
            (_, _, Some(_), None) => "template has no `ref`",
            (_, Some(_), Some(_), Some(_)) => {
                "template in a repository has a `version` beside its `ref`"
            }
            (Some(_), None, None, _) => "template has no `version`",
            (..) => "template has neither `path` nor `repo`",
        };
        self.error(Code::MissingField, "/template", missing.to_owned(), help);
    }

    fn slugs(&mut self) {
        let categories = self.catalog.categories.iter().enumerate();
        self.duplicates(
            "category",
            categories.map(|(c, category)| (format!("/categories/{c}/slug"), &category.slug)),
        );
        for (c, category) in self.catalog.categories.iter().enumerate() {
            let options = category.options.iter().enumerate();
            self.duplicates(
                "option",
                options
                    .map(|(o, option)| (format!("/categories/{c}/options/{o}/slug"), &option.slug)),
            );
        }
    }

    fn duplicates(&mut self, what: &str, slugs: impl Iterator<Item = (String, &'d Slug)>) {
        let mut first: BTreeMap<&Slug, String> = BTreeMap::new();
        for (pointer, slug) in slugs {
            if let Some(earlier) = first.get(slug) {
                let finding = Diagnostic::error(
                    Code::DuplicateSlug,
                    format!("{what} slug `{slug}` is used twice"),
                )
                .at(&pointer, self.document.location(&pointer))
                .also(Some(self.document.location(earlier)), "first used here");
                self.findings.push(
                    finding.help("choose another slug: selections and stored plans refer to it"),
                );
            } else {
                first.insert(slug, pointer);
            }
        }
    }

    /// A former slug means one category or option.
    fn former_slugs(&mut self) {
        let mut known: BTreeSet<&str> = BTreeSet::new();
        known.extend(self.catalog.categories.iter().map(|one| one.slug.as_str()));
        for (c, category) in self.catalog.categories.iter().enumerate() {
            let pointer = format!("/categories/{c}");
            self.former(&pointer, &category.formerly, &mut known);
            let options = category.options.iter();
            let mut own: BTreeSet<&str> = options.map(|option| option.slug.as_str()).collect();
            for (o, option) in category.options.iter().enumerate() {
                let pointer = format!("{pointer}/options/{o}");
                self.former(&pointer, &option.formerly, &mut own);
            }
        }
    }

    fn former(&mut self, pointer: &str, formerly: &'d [Slug], known: &mut BTreeSet<&'d str>) {
        for (index, slug) in formerly.iter().enumerate() {
            if !known.insert(slug.as_str()) {
                let message = format!("former slug `{slug}` is the slug of another one");
                let pointer = format!("{pointer}/formerly/{index}");
                let help = "remove it: a selection with that slug means the other one";
                self.error(Code::DuplicateSlug, &pointer, message, help);
            }
        }
    }

    fn references(&mut self) {
        for reference in references(self.catalog) {
            let OptionReference { from, to, .. } = &reference;
            if self.findings.len() >= MAX_FINDINGS {
                break;
            }
            if let Some((message, help)) = unknown(self.catalog, to) {
                self.error(Code::UnknownOption, &reference.pointer, message, help);
            } else if from == *to {
                let message = format!("`{from}` {} itself", reference.kind.verb());
                self.error(
                    Code::Impossible,
                    &reference.pointer,
                    message,
                    "remove the reference",
                );
            }
        }
    }

    fn cycles(&mut self) {
        let mut requires: BTreeMap<OptionRef, Vec<(&OptionRef, String)>> = BTreeMap::new();
        for reference in references(self.catalog) {
            if reference.kind == ReferenceKind::Requires && reference.from != *reference.to {
                requires
                    .entry(reference.from)
                    .or_default()
                    .push((reference.to, reference.pointer));
            }
        }
        let mut done: BTreeSet<OptionRef> = BTreeSet::new();
        let mut found = Vec::new();
        for start in requires.keys() {
            let mut trail: Vec<&OptionRef> = Vec::new();
            find_cycles(start, &requires, &mut trail, &mut done, &mut found);
        }
        for (pointer, message) in found {
            self.error(
                Code::RequiresCycle,
                &pointer,
                message,
                "remove one of these `requires`, or merge the options",
            );
        }
    }

    fn defaults(&mut self) {
        for (c, category) in self.catalog.categories.iter().enumerate() {
            let pointers = |(o, _): (usize, _)| format!("/categories/{c}/options/{o}/default");
            let defaults: Vec<String> = category
                .options
                .iter()
                .enumerate()
                .filter(|(_, option)| option.default)
                .map(pointers)
                .collect();
            if category.selection == SelectionType::Single
                && let [first, rest @ ..] = defaults.as_slice()
            {
                for again in rest {
                    let message = format!(
                        "category `{}` has a second default, but allows only one option",
                        category.slug
                    );
                    let finding = Diagnostic::error(Code::SeveralDefaults, message)
                        .at(again, self.document.location(again))
                        .also(Some(self.document.location(first)), "first default here");
                    self.findings
                        .push(finding.help("remove one `default: true`"));
                }
            }
            if category.required && defaults.is_empty() {
                let message = format!("the required category `{}` has no default", category.slug);
                let help = "mark the most common option with `default: true`, or remove `required`";
                self.error(
                    Code::MissingDefault,
                    &format!("/categories/{c}/slug"),
                    message,
                    help,
                );
            }
        }
    }

    fn compatibility(&mut self) {
        let compatibility = Compatibility::of(self.catalog);
        for entry in self.catalog.options() {
            if self.findings.len() >= MAX_FINDINGS {
                return;
            }
            let own = entry.reference();
            let pointer = entry.pointer();
            let needed = compatibility.closure([own.clone()]);
            if needed.len() > Compatibility::MAX_NEEDED + 1 {
                let message = format!(
                    "`{own}` requires more than {} other options, directly or indirectly",
                    Compatibility::MAX_NEEDED
                );
                self.error(
                    Code::TooManyOptions,
                    &format!("{pointer}/slug"),
                    message,
                    "merge options that are always selected together",
                );
            } else if let Some(conflict) = compatibility.conflict(&needed)
                && conflict.one != conflict.other
            {
                let message = format!(
                    "`{own}` can never be selected: it needs `{}` and `{}`, but {}",
                    conflict.one, conflict.other, conflict.reason
                );
                self.error(
                    Code::Impossible,
                    &format!("{pointer}/slug"),
                    message,
                    "relax its `requires` or `conflicts`",
                );
            }
        }
        if self.findings.is_empty() {
            self.default_selection();
        }
    }

    /// The defaults must be a valid selection.
    fn default_selection(&mut self) {
        let defaults = || self.catalog.options().filter(|entry| entry.option.default);
        let selected: BTreeSet<OptionRef> = defaults().map(|entry| entry.reference()).collect();
        for entry in defaults() {
            let OptionEntry { option, .. } = entry;
            let own = entry.reference();
            let unmet = option.requires.iter().find(|to| !selected.contains(*to));
            let conflict = option.conflicts.iter().find(|to| selected.contains(*to));
            let message = match (unmet, conflict) {
                (Some(required), _) => {
                    format!("default `{own}` requires `{required}`, which is not a default")
                }
                (None, Some(other)) => format!("defaults `{own}` and `{other}` conflict"),
                (None, None) => continue,
            };
            self.error(
                Code::Impossible,
                &format!("{}/default", entry.pointer()),
                message,
                "choose compatible defaults",
            );
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
}

/// Message and help for a reference to an unknown option; none if the option exists.
pub(super) fn unknown(catalog: &CatalogFile, named: &OptionRef) -> Option<(String, String)> {
    let categories = || {
        catalog
            .categories
            .iter()
            .map(|category| category.slug.as_str())
    };
    let Some(category) = catalog.category(named.category()) else {
        let message = format!("unknown category `{}`", named.category());
        return Some((message, suggest::help(named.category(), categories())));
    };
    let options = category.options.iter().map(|option| option.slug.as_str());
    if category.option(named.option()).is_some() {
        return None;
    }
    let message = format!(
        "category `{}` has no option `{}`",
        category.slug,
        named.option()
    );
    Some((message, suggest::help(named.option(), options)))
}

/// The findings about a condition that names unknown categories, options, inputs or values.
pub(super) fn condition(
    catalog: &CatalogFile,
    document: &Document,
    pointer: &str,
    condition: &Condition,
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut error = |code, pointer: String, is_key, (message, help): (String, String)| {
        let location = if is_key {
            document.key_location(&pointer)
        } else {
            document.location(&pointer)
        };
        findings.push(
            Diagnostic::error(code, message)
                .at(pointer, location)
                .help(help),
        );
    };
    for (category, options) in &condition.categories {
        let at = format!("{pointer}/{category}");
        let is_known = catalog.category(category.as_str()).is_some();
        for (index, option) in options.0.iter().enumerate() {
            if let Some(problem) = unknown(catalog, &OptionRef::new(category, option)) {
                if !is_known {
                    error(Code::UnknownOption, at.clone(), true, problem);
                    break;
                }
                let at = element(document, &at, index);
                error(Code::UnknownOption, at, false, problem);
            }
        }
    }
    for (name, values) in &condition.inputs {
        let at = format!("{pointer}/inputs/{name}");
        if let Some(problem) = input_rules::unknown(catalog, name) {
            error(Code::UnknownInput, at.clone(), true, problem);
        }
        let Some(input) = catalog.input(name) else {
            continue;
        };
        for (index, value) in values.0.iter().enumerate() {
            let found = input.value(value);
            let is_other = !found.as_ref().is_ok_and(|found| found == value);
            if is_other {
                let expected = found.err().map_or_else(
                    || "a value of its type".to_owned(),
                    |problem| problem.expected,
                );
                let message = format!("`{name}` is never `{value}`: it is {expected}");
                let help = "compare with a value that the input can have".to_owned();
                let at = element(document, &at, index);
                error(Code::UnknownInput, at, false, (message, help));
            }
        }
    }
    findings
}

/// The pointer of one of several values; that of a value without a list is the pointer itself.
fn element(document: &Document, pointer: &str, index: usize) -> String {
    let element = format!("{pointer}/{index}");
    if document.root.at(&element).is_some() {
        element
    } else {
        pointer.to_owned()
    }
}

/// A reference from one option to another.
struct OptionReference<'c> {
    pointer: String,
    from: OptionRef,
    kind: ReferenceKind,
    to: &'c OptionRef,
}

/// The field of a reference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReferenceKind {
    Requires,
    Conflicts,
}

impl ReferenceKind {
    fn field(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Conflicts => "conflicts",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Conflicts => "conflicts with",
        }
    }
}

/// All references of a catalogue, in the order of the document.
fn references(catalog: &CatalogFile) -> impl Iterator<Item = OptionReference<'_>> {
    catalog.options().flat_map(|entry| {
        let fields = [
            (ReferenceKind::Requires, &entry.option.requires),
            (ReferenceKind::Conflicts, &entry.option.conflicts),
        ];
        fields.into_iter().flat_map(move |(kind, options)| {
            options
                .iter()
                .enumerate()
                .map(move |(index, to)| OptionReference {
                    pointer: format!("{}/{}/{index}", entry.pointer(), kind.field()),
                    from: entry.reference(),
                    kind,
                    to,
                })
        })
    })
}

/// The options of a cycle in order, at most ten of them.
fn cycle_of(trail: &[&OptionRef], closes: &OptionRef) -> Vec<String> {
    const SHOWN: usize = 10;
    let shown = trail.iter().take(SHOWN).map(|option| format!("`{option}`"));
    let omitted = trail.len().saturating_sub(SHOWN);
    let more = (omitted > 0).then(|| format!("{omitted} more"));
    let end = std::iter::once(format!("`{closes}`"));
    shown.chain(more).chain(end).collect()
}

/// Searches depth first. A reference to an option of the trail closes a cycle, which is reported once.
fn find_cycles<'a>(
    at: &'a OptionRef,
    requires: &'a BTreeMap<OptionRef, Vec<(&'a OptionRef, String)>>,
    trail: &mut Vec<&'a OptionRef>,
    done: &mut BTreeSet<OptionRef>,
    found: &mut Vec<(String, String)>,
) {
    if done.contains(at) {
        return;
    }
    trail.push(at);
    for (next, pointer) in requires.get(at).into_iter().flatten() {
        if found.len() >= MAX_FINDINGS {
            break;
        }
        if let Some(start) = trail.iter().position(|option| option == next) {
            let cycle = cycle_of(&trail[start..], next);
            found.push((
                pointer.clone(),
                format!("`requires` forms a cycle: {}", cycle.join(" → ")),
            ));
        } else {
            find_cycles(next, requires, trail, done, found);
        }
    }
    trail.pop();
    done.insert(at.clone());
}
