//! Comparison of two versions of a catalogue.

use super::condition::when;
use super::report::{
    BreakingChange, ComparedVersion, DependencyChange, FileChange, Impact, ImpactLevel,
    OptionChange, SelectionChange,
};
use crate::catalog::Catalog;
use crate::engine::{Preview, PreviewError};
use crate::error::{Class, Explain};
use crate::interpret::manifest::listed;
use crate::model::content::File;
use crate::model::dependency::Ecosystem;
use crate::model::diagnostic::{Code, Diagnostic};
use crate::model::digest::GitId;
use crate::model::path::TreePath;
use crate::model::report::{Change, ChangeKind, ChangeOrigin};
use crate::model::selection::Selection;
use crate::model::slug::OptionRef;
use crate::sweep::cover::{CoverError, Strength, cover};
use crate::sweep::trial::{TrialInput, content};
use crate::sweep::{SearchLimit, Space};
use crate::tree::commits::FileIndex;
use crate::tree::overlay::Overlay;
use crate::tree::{Tree as _, ids};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The reasons to compare nothing.
#[derive(Debug, Error)]
pub enum ImpactError {
    #[error(transparent)]
    Preview(#[from] PreviewError),
    #[error(transparent)]
    SearchLimit(#[from] SearchLimit),
}

impl Explain for ImpactError {
    fn class(&self) -> Class {
        self.wrapped().class()
    }

    fn code(&self) -> &'static str {
        self.wrapped().code()
    }

    fn inner(&self) -> Option<&dyn Explain> {
        Some(self.wrapped())
    }
}

impl ImpactError {
    fn wrapped(&self) -> &dyn Explain {
        match self {
            Self::Preview(error) => error,
            Self::SearchLimit(error) => error,
        }
    }
}

/// The largest diff in an impact, in bytes.
const MAX_DIFF: usize = 16 * 1024;

/// Compares the results of two versions of a catalogue for selections that cover every pair of options of both, or every
/// option if a catalogue is too large for pairs.
pub fn compare(old: TrialInput<'_>, new: TrialInput<'_>) -> Result<Impact, ImpactError> {
    let before = selections(old.catalog, &[])?;
    let after = selections(new.catalog, &before)?;
    let added: Vec<&Selection> = after
        .iter()
        .filter(|selection| !before.contains(selection))
        .collect();
    let mut pairs = Pairs::default();
    let mut breaks: BTreeMap<(Code, String), BreakingChange> = BTreeMap::new();
    let mut repaired = Vec::new();
    for selection in before.iter().chain(added) {
        match (old.sample(selection)?, new.sample(selection)?) {
            (Ok(was), Ok(is)) => pairs.add(selection, was, is)?,
            (Ok(_), Err(findings)) => {
                for finding in findings {
                    let Diagnostic { code, message, .. } = finding;
                    let entry =
                        breaks
                            .entry((code, message.clone()))
                            .or_insert_with(|| BreakingChange {
                                code: code.as_str(),
                                message,
                                selections: 0,
                                example: selection.clone(),
                            });
                    entry.selections += 1;
                }
            }
            (Err(_), Ok(_)) if is_valid(old, selection) => repaired.push(selection.clone()),
            (Err(_), _) => {}
        }
    }
    let renamed = renamed_of(old, new, &before);
    let mut impact = Impact {
        level: ImpactLevel::Unchanged,
        old: version(old),
        new: version(new),
        compared: pairs.selections.len(),
        files: pairs.files(),
        dependencies: pairs.dependencies(),
        selections: pairs.changed,
        breaking: renamed.into_iter().chain(breaks.into_values()).collect(),
        repaired,
        options: options(old.catalog, new.catalog),
    };
    impact.level = level(&impact);
    Ok(impact)
}

fn level(impact: &Impact) -> ImpactLevel {
    let is_unchanged =
        impact.selections.is_empty() && impact.options.is_empty() && impact.repaired.is_empty();
    if !impact.breaking.is_empty() {
        ImpactLevel::Breaking
    } else if is_unchanged {
        ImpactLevel::Unchanged
    } else {
        ImpactLevel::Compatible
    }
}

fn selections(catalog: &Catalog, known: &[Selection]) -> Result<Vec<Selection>, SearchLimit> {
    let space = Space::of(catalog);
    let covered = match cover(&space, Strength::Pairs, known) {
        Err(CoverError::TooLarge { .. }) => cover(&space, Strength::Each, known),
        other => other,
    };
    match covered {
        Ok(cover) => Ok(cover.selections),
        Err(CoverError::SearchLimit(_) | CoverError::TooLarge { .. }) => Err(SearchLimit),
    }
}

fn is_valid(input: TrialInput<'_>, selection: &Selection) -> bool {
    crate::resolve::check(input.catalog, selection).is_ok()
}

/// A renamed catalogue breaks every stored run, because runs refer to it by name.
fn renamed_of(
    old: TrialInput<'_>,
    new: TrialInput<'_>,
    before: &[Selection],
) -> Option<BreakingChange> {
    let (was, is) = (old.catalog.slug(), new.catalog.slug());
    (was != is).then(|| BreakingChange {
        code: Code::UnknownSelection.as_str(),
        message: format!("catalogue `{was}` was renamed to `{is}`"),
        selections: before.len(),
        example: before.first().cloned().unwrap_or_default(),
    })
}

fn version(input: TrialInput<'_>) -> ComparedVersion {
    ComparedVersion {
        catalog: input.catalog.slug().clone(),
        catalog_version: input.catalog.version().clone(),
        template: input.pin.r#ref.clone(),
        template_tree: input.pin.tree.clone(),
    }
}

fn options(old: &Catalog, new: &Catalog) -> Vec<OptionChange> {
    let of = |catalog: &Catalog| -> BTreeMap<OptionRef, bool> {
        catalog
            .options()
            .map(|entry| (entry.reference(), entry.option.default))
            .collect()
    };
    let (was, is) = (of(old), of(new));
    let all: BTreeSet<&OptionRef> = was.keys().chain(is.keys()).collect();
    let change = |option: &OptionRef| {
        Some(OptionChange {
            option: option.clone(),
            change: ChangeKind::between(was.get(option), is.get(option))?,
            default: is.get(option).is_some_and(|is_default| *is_default),
        })
    };
    all.into_iter().filter_map(change).collect()
}

/// The selections that both versions build, and the differences between their results.
#[derive(Default)]
struct Pairs<'s> {
    selections: Vec<&'s Selection>,
    changed: Vec<SelectionChange>,
    by_file: BTreeMap<(String, ChangeKind), ChangedFile>,
    /// Dependency change → indices of selections.
    by_dependency: BTreeMap<Dependency, BTreeSet<usize>>,
}

/// Manifest, section, name, old version, new version.
type Dependency = (String, String, String, Option<String>, Option<String>);

/// The selections, origins and diff of a changed file.
struct ChangedFile {
    selections: BTreeSet<usize>,
    origin: BTreeSet<OptionRef>,
    diff: Option<String>,
}

/// One side of a comparison.
struct Side<'t> {
    tree: Overlay<'t>,
    files: FileIndex,
    changes: Vec<Change>,
    id: GitId,
}

impl<'t> Side<'t> {
    fn of(preview: Preview<'t>) -> Result<Self, PreviewError> {
        let changes = preview.report.changes.clone();
        let tree = content(preview)?;
        Ok(Self {
            files: ids::files(&tree)?,
            id: GitId::of(&ids::tree_id(&tree)?),
            changes,
            tree,
        })
    }

    fn file(&self, path: &str) -> Result<Option<File>, PreviewError> {
        Ok(self.tree.read(&TreePath::of_checked(path))?)
    }

    fn origin(&self, path: &str) -> Vec<OptionRef> {
        let changes = self
            .changes
            .iter()
            .filter(|change| change.path.as_str() == path);
        let origins = changes.flat_map(|change| &change.origin);
        let option = |origin: &ChangeOrigin| match origin {
            ChangeOrigin::Action(action) => Some(action.origin.option.clone()),
            ChangeOrigin::Placeholders { .. }
            | ChangeOrigin::Condition {}
            | ChangeOrigin::Provenance {}
            | ChangeOrigin::Template {} => None,
        };
        origins.filter_map(option).collect()
    }
}

impl<'s> Pairs<'s> {
    fn add(
        &mut self,
        selection: &'s Selection,
        old: Preview<'_>,
        new: Preview<'_>,
    ) -> Result<(), PreviewError> {
        let at = self.selections.len();
        self.selections.push(selection);
        let (old, new) = (Side::of(old)?, Side::of(new)?);
        if old.id == new.id {
            return Ok(());
        }
        self.changed.push(SelectionChange {
            selection: selection.clone(),
            old: old.id.clone(),
            new: new.id.clone(),
        });
        let paths: BTreeSet<&String> = old.files.keys().chain(new.files.keys()).collect();
        for path in paths {
            let change = ChangeKind::between(old.files.get(path), new.files.get(path));
            let Some(change) = change else { continue };
            let (was, is) = (old.file(path)?, new.file(path)?);
            self.compare_dependencies(at, path, was.as_ref(), is.as_ref());
            let changed = self
                .by_file
                .entry((path.clone(), change))
                .or_insert_with(|| ChangedFile {
                    selections: BTreeSet::new(),
                    origin: BTreeSet::new(),
                    diff: was.zip(is).and_then(|(was, is)| diff(path, &was, &is)),
                });
            changed.selections.insert(at);
            changed
                .origin
                .extend(old.origin(path).into_iter().chain(new.origin(path)));
        }
        Ok(())
    }

    fn compare_dependencies(
        &mut self,
        at: usize,
        path: &str,
        old: Option<&File>,
        new: Option<&File>,
    ) {
        let Some(ecosystem) = Ecosystem::of(path) else {
            return;
        };
        let of = |file: Option<&File>| {
            let text = file.and_then(File::text);
            text.map(|text| listed(ecosystem, text)).unwrap_or_default()
        };
        let (was, is) = (of(old), of(new));
        let all: BTreeSet<&(String, String)> = was.keys().chain(is.keys()).collect();
        for key in all.into_iter().filter(|key| was.get(*key) != is.get(*key)) {
            let (section, name) = key.clone();
            let versions = (was.get(key).cloned(), is.get(key).cloned());
            let dependency = (path.to_owned(), section, name, versions.0, versions.1);
            self.by_dependency.entry(dependency).or_default().insert(at);
        }
    }

    fn files(&self) -> Vec<FileChange> {
        let change = |((path, change), changed): (&(String, ChangeKind), &ChangedFile)| {
            let origin: Vec<OptionRef> = changed.origin.iter().cloned().collect();
            FileChange {
                path: path.clone(),
                change: *change,
                when: when(&self.selections, &changed.selections, &origin),
                origin,
                diff: changed.diff.clone(),
            }
        };
        self.by_file.iter().map(change).collect()
    }

    fn dependencies(&self) -> Vec<DependencyChange> {
        let change = |(dependency, affected): (&Dependency, &BTreeSet<usize>)| {
            let (manifest, section, name, old, new) = dependency.clone();
            let changed = self
                .by_file
                .iter()
                .filter(|((path, _), _)| *path == manifest);
            let likely: Vec<OptionRef> = changed
                .flat_map(|(_, changed)| changed.origin.iter().cloned())
                .collect();
            DependencyChange {
                when: when(&self.selections, affected, &likely),
                manifest,
                section,
                name,
                old,
                new,
            }
        };
        self.by_dependency.iter().map(change).collect()
    }
}

fn diff(path: &str, old: &File, new: &File) -> Option<String> {
    let (was, is) = (old.text()?, new.text()?);
    let diff = similar::TextDiff::from_lines(was, is)
        .unified_diff()
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string();
    (!diff.is_empty() && diff.len() <= MAX_DIFF).then_some(diff)
}
