//! The rules of a catalogue's own document.

use super::compatibility::Compatibility;
use super::{CatalogFile, Category, SelectionType};
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::slug::{OptionRef, Slug};
use crate::model::suggest;
use crate::source::node::{Document, MAX_FINDINGS};
use std::collections::{BTreeMap, BTreeSet};

/// At most this many categories, and this many options in each.
const MAX_ENTRIES: usize = 100;

/// Every finding in a catalogue's document.
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
            let message = format!(
                "{length} {what} are too many to choose from, at most {MAX_ENTRIES} are allowed"
            );
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
            (_, _, Some(_), None) => "the template's `ref` is missing",
            (_, Some(_), Some(_), Some(_)) => {
                "a template in a repository is versioned by its `ref`: remove `version`"
            }
            (Some(_), None, None, _) => "the template's `version` is missing",
            (..) => "the template has neither a `path` nor a `repo`",
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
                    finding.help(
                        "slugs name options in selections and stored plans; choose another one",
                    ),
                );
            } else {
                first.insert(slug, pointer);
            }
        }
    }

    fn references(&mut self) {
        for (pointer, own, named) in self.all_references() {
            if self.findings.len() >= MAX_FINDINGS {
                break;
            }
            if let Some((message, help)) = unknown(self.catalog, named) {
                self.error(Code::UnknownOption, &pointer, message, help);
            } else if own == *named {
                let verb = if is_requirement(&pointer) {
                    "requires"
                } else {
                    "conflicts with"
                };
                let message = format!("`{own}` {verb} itself");
                self.error(Code::Impossible, &pointer, message, "remove it");
            }
        }
    }

    /// Pointer, the option that speaks, the option it names.
    fn all_references(&self) -> Vec<(String, OptionRef, &'d OptionRef)> {
        let mut all = Vec::new();
        for (pointer, category, option) in options(self.catalog) {
            let own = OptionRef::new(&category.slug, &option.slug);
            for (field, list) in [
                ("requires", &option.requires),
                ("conflicts", &option.conflicts),
            ] {
                let named = list.iter().enumerate();
                all.extend(
                    named
                        .map(|(at, named)| (format!("{pointer}/{field}/{at}"), own.clone(), named)),
                );
            }
        }
        all
    }

    fn cycles(&mut self) {
        let mut requires: BTreeMap<OptionRef, Vec<(&OptionRef, String)>> = BTreeMap::new();
        for (pointer, own, named) in self.all_references() {
            if is_requirement(&pointer) && own != *named {
                requires.entry(own).or_default().push((named, pointer));
            }
        }
        let mut done: BTreeSet<OptionRef> = BTreeSet::new();
        let mut found = Vec::new();
        for start in requires.keys() {
            let mut trail: Vec<&OptionRef> = Vec::new();
            walk(start, &requires, &mut trail, &mut done, &mut found);
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
                        "category `{}` has a second default, but only one option can be selected",
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
                let help = "mark the option that suits most with `default: true`, or do not require an answer";
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
        for (pointer, category, option) in options(self.catalog) {
            if self.findings.len() >= MAX_FINDINGS {
                return;
            }
            let own = OptionRef::new(&category.slug, &option.slug);
            let needed = compatibility.closure([own.clone()]);
            if needed.len() > Compatibility::MAX_NEEDED + 1 {
                let message = format!(
                    "`{own}` needs more than {} other options, directly or by way of others",
                    Compatibility::MAX_NEEDED
                );
                self.error(
                    Code::TooManyOptions,
                    &format!("{pointer}/slug"),
                    message,
                    "merge options that are always selected together",
                );
            } else if let Some(clash) = compatibility.conflict(&needed)
                && clash.one != clash.other
            {
                let message = format!(
                    "`{own}` can never be selected: it needs both `{}` and `{}`, and {}",
                    clash.one, clash.other, clash.reason
                );
                self.error(
                    Code::Impossible,
                    &format!("{pointer}/slug"),
                    message,
                    "loosen its `requires` or `conflicts`",
                );
            }
        }
        if !self.findings.is_empty() {
            return;
        }
        let defaults: BTreeSet<OptionRef> = options(self.catalog)
            .filter(|(.., option)| option.default)
            .map(|(_, category, option)| OptionRef::new(&category.slug, &option.slug))
            .collect();
        for (pointer, category, option) in
            options(self.catalog).filter(|(.., option)| option.default)
        {
            let own = OptionRef::new(&category.slug, &option.slug);
            let unmet = option
                .requires
                .iter()
                .find(|required| !defaults.contains(*required));
            let clash = option
                .conflicts
                .iter()
                .find(|other| defaults.contains(*other));
            let message = match (unmet, clash) {
                (Some(required), _) => {
                    format!("the default `{own}` requires `{required}`, which is no default")
                }
                (None, Some(other)) => format!("the defaults `{own}` and `{other}` conflict"),
                (None, None) => continue,
            };
            self.error(
                Code::Impossible,
                &format!("{pointer}/default"),
                message,
                "choose defaults that fit together",
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

/// Why a named option does not exist, and what to do; nothing when it does.
pub(super) fn unknown(catalog: &CatalogFile, named: &OptionRef) -> Option<(String, String)> {
    let categories = || {
        catalog
            .categories
            .iter()
            .map(|category| category.slug.as_str())
    };
    let Some(category) = catalog
        .categories
        .iter()
        .find(|category| category.slug.as_str() == named.category())
    else {
        let message = format!("there is no category `{}`", named.category());
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

fn is_requirement(pointer: &str) -> bool {
    pointer.contains("/requires/")
}

/// Every option with its pointer and category.
pub(super) fn options(
    catalog: &CatalogFile,
) -> impl Iterator<Item = (String, &Category, &super::CatalogOption)> {
    catalog
        .categories
        .iter()
        .enumerate()
        .flat_map(|(c, category)| {
            let options = category.options.iter().enumerate();
            options
                .map(move |(o, option)| (format!("/categories/{c}/options/{o}"), category, option))
        })
}

/// The options of a circle, those in the middle of a long one left out.
fn circle(trail: &[&OptionRef], closes: &OptionRef) -> Vec<String> {
    const SHOWN: usize = 10;
    let shown = trail.iter().take(SHOWN).map(|option| format!("`{option}`"));
    let left_out = trail.len().saturating_sub(SHOWN);
    let dots = (left_out > 0).then(|| format!("{left_out} more"));
    let end = std::iter::once(format!("`{closes}`"));
    shown.chain(dots).chain(end).collect()
}

/// Depth first; a step back onto the trail is a cycle, told once where it closes.
fn walk<'a>(
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
            let circle = circle(&trail[start..], next);
            found.push((
                pointer.clone(),
                format!(
                    "these options require each other in a circle: {}",
                    circle.join(" → ")
                ),
            ));
        } else {
            walk(next, requires, trail, done, found);
        }
    }
    trail.pop();
    done.insert(at.clone());
}
